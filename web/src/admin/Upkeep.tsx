import { BrushCleaning } from 'lucide-react'
import { api } from '@/api/client'
import { useLimits } from '@/lib/queries'
import { admin } from '@/strings'
import { Button, Card, Failure, Skeleton } from '@/ui/kit'
import { Limits } from '@/usage/Limits'
import { useChange } from './list'

export function Upkeep() {
  const limits = useLimits()
  const clean = useChange(() => api.post('/admin/cleanup/expired'))
  return (
    <div className="space-y-4">
      <Card title={admin.cleanTitle}>
        <p className="mb-4 text-soft">{admin.cleanText}</p>
        <Button isBusy={clean.isPending} onClick={() => clean.mutate(undefined)}>
          <BrushCleaning aria-hidden size={16} />
          {admin.clean}
        </Button>
      </Card>
      {limits.isError && <Failure error={limits.error} />}
      {limits.data ? <Limits limits={limits.data} title={admin.limitsTitle} /> : <Skeleton className="h-64" />}
    </div>
  )
}
