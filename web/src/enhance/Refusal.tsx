// Why an upload was not accepted, and the way on.
import { useLimits, useSignedIn } from '@/lib/queries'
import type { ApiError } from '@/api/errors'
import { dateTime, until } from '@/lib/format'
import { enhance } from '@/strings'
import { TextLink } from '@/ui/kit'

export function Refusal({ error }: { error: ApiError }) {
  const limits = useLimits()
  const isSignedIn = useSignedIn()
  if (!error.isLimit) return <p className="text-sm text-bad [overflow-wrap:anywhere]">{error.message}</p>

  const resetsAt =
    error.limits.map((limit) => limit.resets_at).find((at) => at) ??
    (error.policies.some((policy) => policy.endsWith('files_per_day')) ? limits.data?.files_per_day.resets_at : null)
  const isStorage = error.policies.some((policy) => policy.endsWith('storage_mb'))
  return (
    <div className="space-y-1 rounded-lg bg-warn-soft p-3 text-sm text-ink">
      <p className="font-semibold text-warn">{error.message}</p>
      {resetsAt && <p>{enhance.limitReset(until(resetsAt), dateTime(resetsAt))}</p>}
      {isStorage && <p>{enhance.limitStorage}</p>}
      {!isSignedIn && <p>{enhance.limitGuest}</p>}
      <p className="flex gap-4">
        {!isSignedIn && <TextLink to="/signup">{enhance.allowanceMore}</TextLink>}
        <TextLink to="/usage">{enhance.limitUsage}</TextLink>
      </p>
    </div>
  )
}
