import type { JobState } from '@/api/types'
import { enhance } from '@/strings'
import { Badge } from '@/ui/kit'

const looks = {
  pending: 'plain',
  processing: 'plain',
  completed: 'good',
  failed: 'bad',
  cancelled: 'warn',
  expired: 'warn',
} as const

export function JobBadge({ state }: { state: JobState }) {
  return <Badge look={looks[state]}>{enhance.state[state]}</Badge>
}
