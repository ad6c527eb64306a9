import { expect, it } from 'vitest'
import { bytes, clock, megabytes, minutes, seconds, until } from './format'

it('sizes count in 1024s, as the API does', () => {
  expect([0, 1023, 1024, 1048576, 1.5 * 1024 ** 3, 2 * 1024 ** 4].map(bytes)).toEqual(['0 B', '1,023 B', '1 kB', '1 MB', '1.5 GB', '2 TB'])
  expect(bytes(-2048)).toBe('-2 kB')
  expect(megabytes(0.06)).toBe('0.06 MB')
  expect(megabytes(2048)).toBe('2 GB')
})

it('times are told in the units that fit', () => {
  expect([0, 0.25, 42.25, 61, 3600 + 120].map(seconds)).toEqual(['0 s', '0.25 s', '42.3 s', '1 min 1 s', '1 h 2 min'])
  expect(minutes(1.5)).toBe('1 min 30 s')
  expect([0, 9.9, 65, 3600].map(clock)).toEqual(['0:00', '0:09', '1:05', '60:00'])
})

it('waiting is never told shorter than it is by a whole unit', () => {
  const now = Date.parse('2026-01-01T00:00:00Z')
  expect(until('2026-01-01T00:00:20Z', now)).toBe('in 20 seconds')
  expect(until('2026-01-01T00:10:30Z', now)).toBe('in 11 minutes')
  expect(until('2026-01-01T09:00:00Z', now)).toBe('in 9 hours')
  expect(until('2026-01-07T00:00:00Z', now)).toBe('in 6 days')
  expect(until('2025-12-31T00:00:00Z', now)).toBe('in 1 second')
})
