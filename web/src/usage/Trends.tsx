// Figures over time, compared with the time before: the caller's, or the platform's.
import { useQuery } from '@tanstack/react-query'
import { ChartColumn, Table } from 'lucide-react'
import { useState } from 'react'
import type { UsageBucket } from '@/api/types'
import { percent } from '@/lib/format'
import { LIVE_MS } from '@/lib/queries'
import { common, typeName, usage } from '@/strings'
import { Button, Card, Check, Failure, Select, Skeleton } from '@/ui/kit'
import { BarChart, PointsTable, type Series } from './BarChart'
import { changeOf, formatMeter, periodsOf, pointsOf, rangeOf, totalOf, type Interval, type Meter } from './series'

export interface HistoryQuery {
  start: string
  end: string
  interval: 'day'
  group_by?: 'processing_type'
}

interface Props {
  title: string
  /** Under which the figures are kept. */
  name: string[]
  load: (query: HistoryQuery, signal: AbortSignal) => Promise<UsageBucket[]>
}

/** What happens in ten seconds changes little of so long a time, and asking costs more. */
const MANY_DAYS = 100

interface View {
  meter: Meter
  interval: Interval
  days: number
  isSplit: boolean
}

function useFigures({ name, load }: Props, view: View) {
  return useQuery({
    queryKey: [...name, view.days, view.isSplit],
    queryFn: async ({ signal }) => {
      const range = rangeOf(view.days, new Date())
      const all = await load({ ...range, interval: 'day' }, signal)
      const days = periodsOf(all, view.days)
      const start = days.now[0]?.start ?? range.start
      const split = view.isSplit
        ? await load({ start, end: range.end, interval: 'day', group_by: 'processing_type' }, signal)
        : days.now
      return { ...days, split }
    },
    refetchInterval: view.days > MANY_DAYS ? 6 * LIVE_MS : LIVE_MS,
    placeholderData: (previous, query) => (query?.queryKey.at(-1) === view.isSplit ? previous : undefined),
  })
}

function Comparison({ meter, now, before }: { meter: Meter; now: number; before: number }) {
  const change = changeOf(now, before)
  let words: string = usage.fresh
  if (change !== null) {
    const size = percent(Math.abs(change))
    words = change === 0 ? usage.same : change > 0 ? usage.up(size) : usage.down(size)
  }
  return (
    <p className="mb-3">
      <span className="text-2xl font-bold tabular-nums">{formatMeter(meter, now)}</span>{' '}
      <span className="text-sm text-soft">
        {words}
        {change !== null && change !== 0 && `, ${usage.before(formatMeter(meter, before))}`}
      </span>
    </p>
  )
}

function Controls({ view, onChange }: { view: View; onChange: (view: View) => void }) {
  return (
    <div className="mb-4 grid grid-cols-2 gap-3 sm:flex sm:flex-wrap sm:items-end">
      <Select
        className="col-span-2"
        label={usage.meter}
        options={Object.entries(usage.meters)}
        value={view.meter}
        onPick={(meter) => onChange({ ...view, meter: meter as Meter })}
      />
      <Select label={usage.range} options={Object.entries(usage.ranges)} value={view.days} onPick={(days) => onChange({ ...view, days: Number(days) })} />
      <Select
        label={usage.interval}
        options={Object.entries(usage.intervals)}
        value={view.interval}
        onPick={(interval) => onChange({ ...view, interval: interval as Interval })}
      />
      <div className="flex items-end pb-1">
        <Check label={usage.byType} checked={view.isSplit} onChange={(event) => onChange({ ...view, isSplit: event.target.checked })} />
      </div>
    </div>
  )
}

function seriesOf(split: UsageBucket[], isSplit: boolean, meter: Meter): Series[] {
  if (!isSplit) return [{ type: '', name: usage.meters[meter] }]
  const types = new Set(split.filter((bucket) => bucket[meter] > 0).map((bucket) => bucket.processing_type ?? ''))
  return [...types].sort().map((type) => ({ type, name: type ? typeName(type) : usage.noType }))
}

export function Trends(props: Props) {
  const [view, setView] = useState<View>({ meter: 'files_processed', interval: 'day', days: 30, isSplit: false })
  const [isTable, setTable] = useState(false)
  const figures = useFigures(props, view)
  const { meter } = view

  const body = () => {
    if (figures.isError) return <Failure error={figures.error} onRetry={() => void figures.refetch()} />
    if (!figures.data) return <Skeleton className="h-72" />
    const { now, before, split } = figures.data
    const points = pointsOf(now, split, meter, view.interval)
    const series = seriesOf(split, view.isSplit, meter)
    const format = (value: number) => formatMeter(meter, value)
    const total = totalOf(now, meter)
    const label = usage.chartLabel(usage.meters[meter], format(total), points.length)
    const shown = { points, series, label, format }
    return (
      <>
        <Comparison meter={meter} now={total} before={totalOf(before, meter)} />
        {isTable ? (
          <PointsTable {...shown} caption={label} columns={[usage.period, usage.value, usage.total]} />
        ) : (
          <BarChart {...shown} />
        )}
      </>
    )
  }
  return (
    <Card
      title={props.title}
      aside={
        <Button look="quiet" aria-pressed={isTable} onClick={() => setTable(!isTable)}>
          {isTable ? <ChartColumn aria-hidden size={16} /> : <Table aria-hidden size={16} />}
          {isTable ? common.showChart : common.showTable}
        </Button>
      }
    >
      <Controls view={view} onChange={setView} />
      {body()}
    </Card>
  )
}
