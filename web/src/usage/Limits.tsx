// Limits as bars: used, reserved for running jobs, and what is left.
import { clsx } from 'clsx'
import type { UsageLimit, UsageLimits } from '@/api/types'
import { count, dateTime, decimal, until } from '@/lib/format'
import { units, usage } from '@/strings'
import { Badge, Card } from '@/ui/kit'

export function amount(value: number, unit: UsageLimit['unit']): string {
  if (unit === 'files') return count(value)
  return unit === 'MB' ? units.megabytes(decimal(value)) : units.minutes(decimal(value))
}

function LimitBar({ name, limit }: { name: string; limit: UsageLimit }) {
  const share = (value: number) => (limit.limit > 0 ? Math.min(100, (value / limit.limit) * 100) : 100)
  const used = share(limit.used)
  const reserved = Math.min(100 - used, share(limit.reserved))
  const show = (value: number) => amount(value, limit.unit)
  const sentence = usage.limitSentence(show(limit.used), show(limit.limit), show(limit.remaining))
  const fill = !limit.within_limit ? 'fill-bad' : used + reserved > 80 ? 'fill-warn' : 'fill-chart'
  return (
    <li className="py-3 first:pt-0 last:pb-0">
      <div className="flex flex-wrap items-baseline justify-between gap-x-4">
        <h3 className="font-semibold">{usage.limitNames[name] ?? name}</h3>
        <p className="text-sm tabular-nums">{sentence}</p>
      </div>
      <svg aria-hidden viewBox="0 0 100 10" preserveAspectRatio="none" className="my-2 h-2.5 w-full rounded-full">
        <rect width="100" height="10" className="fill-sunken" />
        <rect width={used} height="10" className={fill} />
        <rect x={used} width={reserved} height="10" className={clsx(fill, 'opacity-40')} />
      </svg>
      <p className="text-sm text-soft">
        {!limit.within_limit && (
          <span className="mb-1 block sm:mr-2 sm:mb-0 sm:inline">
            <Badge look="bad">{limit.message}</Badge>
          </span>
        )}
        {limit.reserved > 0 && `${usage.reservedNote(show(limit.reserved))}. `}
        {limit.resets_at ? usage.resets(until(limit.resets_at), dateTime(limit.resets_at)) : usage.noReset}
      </p>
    </li>
  )
}

export function Limits({ limits, title = usage.limitsTitle }: { limits: UsageLimits; title?: string }) {
  return (
    <Card title={title}>
      <ul className="divide-y divide-line">
        {Object.entries(limits).map(([name, limit]) => (
          <LimitBar key={name} name={name} limit={limit} />
        ))}
      </ul>
    </Card>
  )
}
