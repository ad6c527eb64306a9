// From the API's day buckets to what a chart shows. Days are the server's: their middle names
// the date, whatever zone they begin in.
import type { UsageBucket } from '@/api/types'
import { bytes, count, date, month, seconds } from '@/lib/format'

export type Meter =
  | 'files_processed'
  | 'files_uploaded'
  | 'files_failed'
  | 'files_downloaded'
  | 'input_bytes'
  | 'output_bytes'
  | 'processing_seconds'
  | 'api_calls'
export type Interval = 'day' | 'week' | 'month'

export interface Point {
  /** Names the point's day, week or month. */
  key: string
  label: string
  /** By type; one unnamed type when the figures are not split. */
  values: Record<string, number>
  total: number
}

const DAY_MS = 86_400_000

export function formatMeter(meter: Meter, value: number): string {
  if (meter.endsWith('_bytes')) return bytes(value)
  if (meter === 'processing_seconds') return seconds(value)
  return count(value)
}

function middleOf(bucket: UsageBucket): Date {
  return new Date((Date.parse(bucket.start) + Date.parse(bucket.end)) / 2)
}

function dayOf(time: Date): string {
  return time.toISOString().slice(0, 10)
}

/** The first day of a date's week, a Monday (ISO 8601), or month. */
export function periodStart(time: Date, interval: Interval): string {
  const day = new Date(`${dayOf(time)}T00:00:00Z`)
  if (interval === 'month') return `${dayOf(day).slice(0, 7)}-01`
  if (interval === 'week') return dayOf(new Date(day.getTime() - ((day.getUTCDay() + 6) % 7) * DAY_MS))
  return dayOf(day)
}

function labelOf(key: string, interval: Interval): string {
  return interval === 'month' ? month(`${key}T12:00:00Z`) : date(`${key}T12:00:00Z`)
}

/** One point per period that `days` touch, oldest first; values from `figures`, by type. */
export function pointsOf(days: UsageBucket[], figures: UsageBucket[], meter: Meter, interval: Interval): Point[] {
  const points = new Map<string, Point>()
  const pointOfDay = new Map<string, Point>()
  for (const bucket of days) {
    const key = periodStart(middleOf(bucket), interval)
    const point = points.get(key) ?? { key, label: labelOf(key, interval), values: {}, total: 0 }
    points.set(key, point)
    pointOfDay.set(bucket.start, point)
  }
  for (const bucket of figures) {
    const point = pointOfDay.get(bucket.start)
    const value = bucket[meter]
    if (!point || !value) continue
    const type = bucket.processing_type ?? ''
    point.values[type] = (point.values[type] ?? 0) + value
    point.total += value
  }
  return [...points.values()]
}

export function totalOf(buckets: UsageBucket[], meter: Meter): number {
  return buckets.reduce((sum, bucket) => sum + bucket[meter], 0)
}

/** The last `days` buckets, and as many before them. */
export function periodsOf(buckets: UsageBucket[], days: number): { now: UsageBucket[]; before: UsageBucket[] } {
  const now = buckets.slice(-days)
  return { now, before: buckets.slice(-2 * days, -days) }
}

/** In percent of what was before; null when there was nothing. */
export function changeOf(now: number, before: number): number | null {
  return before > 0 ? ((now - before) / before) * 100 : null
}

/** What is asked for: the days shown and as many before, to compare. */
export function rangeOf(days: number, now: Date): { start: string; end: string } {
  return { start: new Date(now.getTime() - (2 * days - 1) * DAY_MS).toISOString(), end: now.toISOString() }
}
