import { describe, expect, it } from 'vitest'
import type { UsageBucket } from '@/api/types'
import { niceCeiling } from './BarChart'
import { changeOf, formatMeter, periodsOf, periodStart, pointsOf, rangeOf, totalOf } from './series'

function day(date: string, files: number, type?: string, hours = 0): UsageBucket {
  const start = Date.parse(`${date}T00:00:00Z`) + hours * 3600_000
  return {
    start: new Date(start).toISOString(),
    end: new Date(start + 86_400_000).toISOString(),
    ...(type === undefined ? {} : { processing_type: type }),
    files_uploaded: files,
    files_processed: files,
    files_failed: 0,
    files_downloaded: 0,
    input_bytes: files * 1000,
    output_bytes: 0,
    downloaded_bytes: 0,
    processing_seconds: files / 2,
    stored_bytes: 0,
    api_calls: 0,
  }
}

describe('periodStart', () => {
  it('begins weeks on Monday and months on the first', () => {
    expect(periodStart(new Date('2026-03-01T12:00:00Z'), 'week')).toBe('2026-02-23') // a Sunday
    expect(periodStart(new Date('2026-03-02T12:00:00Z'), 'week')).toBe('2026-03-02')
    expect(periodStart(new Date('2024-02-29T12:00:00Z'), 'month')).toBe('2024-02-01')
    expect(periodStart(new Date('2026-12-31T23:59:59Z'), 'day')).toBe('2026-12-31')
  })
})

describe('pointsOf', () => {
  const days = ['2026-02-27', '2026-02-28', '2026-03-01', '2026-03-02'].map((date, i) => day(date, i))
  it('keeps days without figures', () => {
    const points = pointsOf(days, days, 'files_processed', 'day')
    expect(points.map((point) => point.total)).toEqual([0, 1, 2, 3])
  })
  it('loses nothing when days become weeks or months', () => {
    expect(pointsOf(days, days, 'files_processed', 'week').map((point) => point.total)).toEqual([3, 3])
    expect(pointsOf(days, days, 'files_processed', 'month').map((point) => point.total)).toEqual([1, 5])
  })
  it('splits by type', () => {
    const split = [day('2026-03-01', 2, 'speech_enhancement'), day('2026-03-01', 1, 'noise_reduction')]
    const point = pointsOf(days, split, 'files_processed', 'day')[2]
    expect(point?.values).toEqual({ speech_enhancement: 2, noise_reduction: 1 })
    expect(point?.total).toBe(3)
  })
  it('names a day by its middle, whatever zone it begins in', () => {
    const shanghai = [day('2026-02-27', 5, undefined, 16)] // 28 February there
    expect(pointsOf(shanghai, shanghai, 'files_processed', 'day')[0]?.key).toBe('2026-02-28')
  })
})

describe('comparison', () => {
  const days = [1, 2, 3, 4, 5].map((n) => day(`2026-01-0${n}`, n))
  it('takes as many days before as it shows', () => {
    const { now, before } = periodsOf(days, 2)
    expect(totalOf(now, 'files_processed')).toBe(9)
    expect(totalOf(before, 'files_processed')).toBe(5)
    expect(changeOf(9, 5)).toBeCloseTo(80)
  })
  it('tells no change from nothing', () => {
    expect(changeOf(3, 0)).toBeNull()
    expect(changeOf(0, 4)).toBe(-100)
  })
  it('asks for both times at once', () => {
    const { start, end } = rangeOf(30, new Date('2026-03-31T10:00:00Z'))
    expect((Date.parse(end) - Date.parse(start)) / 86_400_000).toBe(59)
  })
})

describe('figures', () => {
  it('have the unit of their meter', () => {
    expect(formatMeter('input_bytes', 1536)).toBe('1.5 kB')
    expect(formatMeter('processing_seconds', 90)).toBe('1 min 30 s')
    expect(formatMeter('files_processed', 12345)).toBe('12,345')
  })
  it('round axes up', () => {
    expect([0, 1, 3, 7, 10, 11, 0.3, 420].map(niceCeiling)).toEqual([1, 1, 5, 10, 10, 20, 0.5, 500])
  })
})
