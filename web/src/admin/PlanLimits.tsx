// The limits in force, a row per plan.
import { useQuery } from '@tanstack/react-query'
import { api } from '@/api/client'
import type { Plans } from '@/api/types'
import { keys } from '@/lib/queries'
import { admin } from '@/strings'
import { Card, Failure, Skeleton } from '@/ui/kit'
import { amount } from '@/usage/Limits'
import { cell, row } from './list'

type Limit = keyof typeof admin.planLimits
const limits = Object.keys(admin.planLimits) as Limit[]
const names = Object.keys(admin.plans) as (keyof Plans)[]

function Table({ plans }: { plans: Plans }) {
  return (
    <div className="overflow-x-auto" tabIndex={0} role="region" aria-label={admin.listOf(admin.limitsTitle)}>
      <table className="w-full text-sm">
        <caption className="sr-only">{admin.limitsTitle}</caption>
        <thead>
          <tr className="text-left text-soft">
            {[admin.plan, ...limits.map((name) => admin.planLimits[name])].map((column) => (
              <th key={column} scope="col" className="py-2 pr-4 font-semibold last:pr-0">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {names.map((name) => (
            <tr key={name} className={row}>
              <th scope="row" className={`${cell} min-w-20 text-left font-semibold`}>
                {admin.plans[name]}
              </th>
              {limits.map((limit) => {
                const { limit: value, unit } = plans[name][limit]
                return (
                  <td key={limit} className={`${cell} tabular-nums`}>
                    {value === null ? admin.noLimit : amount(value, unit)}
                  </td>
                )
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

export function PlanLimits() {
  const plans = useQuery({
    queryKey: [...keys.admin, 'limits'],
    queryFn: ({ signal }) => api.get('/admin/limits', { signal }),
  })
  if (plans.isError) return <Failure error={plans.error} onRetry={() => void plans.refetch()} />
  if (plans.isPending) return <Skeleton className="h-48" />
  return (
    <Card title={admin.limitsTitle}>
      <Table plans={plans.data} />
    </Card>
  )
}
