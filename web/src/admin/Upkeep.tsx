import { BrushCleaning } from 'lucide-react'
import { api } from '@/api/client'
import { admin } from '@/strings'
import { Button, Card } from '@/ui/kit'
import { useChange } from './list'
import { PlanLimits } from './PlanLimits'

export function Upkeep() {
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
      <PlanLimits />
    </div>
  )
}
