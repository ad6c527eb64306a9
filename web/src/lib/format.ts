// Figures as people read them. All take the API's units.
import { language, units } from '@/strings'

const LOCALE = typeof navigator === 'undefined' ? 'en-GB' : navigator.language || 'en-GB'

/** Made at the first use and once: making a formatter costs more than using it a hundred times. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

const numbers = [0, 1, 2].map((digits) => once(() => new Intl.NumberFormat(language, { maximumFractionDigits: digits })))

/** With at most so many digits after the point. */
function number(value: number, digits: 0 | 1 | 2): string {
  if (Number.isInteger(value) && value >= 0 && value < 1000) return String(value)
  return numbers[digits]?.().format(value) ?? String(value)
}

export function count(value: number): string {
  return number(value, 0)
}

export function decimal(value: number): string {
  return number(value, 2)
}

export function percent(value: number): string {
  return units.percent(number(value, 1))
}

/** 1 048 576 bytes are a megabyte, here as in the API. */
export function bytes(value: number): string {
  const last = units.sizes.length - 1
  let size = Math.abs(value)
  let step = 0
  while (size >= 1024 && step < last) {
    size /= 1024
    step++
  }
  return units.size(`${value < 0 ? '-' : ''}${number(size, step ? 1 : 0)}`, units.sizes[step] ?? '')
}

export function megabytes(value: number): string {
  return value < 1 ? units.megabytes(number(value, 2)) : bytes(value * 1048576)
}

export function seconds(value: number): string {
  if (value < 60) return units.seconds(number(value, value < 1 ? 2 : 1))
  const minutes = Math.floor(value / 60)
  if (minutes < 60) return units.minutesAndSeconds(count(minutes), count(Math.floor(value % 60)))
  return units.hoursAndMinutes(count(Math.floor(minutes / 60)), count(minutes % 60))
}

export function minutes(value: number): string {
  return seconds(value * 60)
}

/** A position in a recording: 3:07. */
export function clock(value: number): string {
  const total = Math.max(0, Math.floor(value))
  return `${Math.floor(total / 60)}:${String(total % 60).padStart(2, '0')}`
}

const dateTimes = once(() => new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' }))
const times = once(() => new Intl.DateTimeFormat(LOCALE, { timeStyle: 'short' }))
const days = once(() => new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', timeZone: 'UTC' }))
const months = once(() => new Intl.DateTimeFormat(LOCALE, { month: 'short', year: 'numeric', timeZone: 'UTC' }))

export function dateTime(iso: string | null): string {
  return iso ? dateTimes().format(new Date(iso)) : '–'
}

/** The time alone for today, with the date for other days. */
export function moment(iso: string, now = new Date()): string {
  const time = new Date(iso)
  return time.toDateString() === now.toDateString() ? times().format(time) : dateTime(iso)
}

export function date(iso: string): string {
  return days().format(new Date(iso))
}

export function month(iso: string): string {
  return months().format(new Date(iso))
}

/** "in 5 hours": how long until a time. Without Intl, whose first use takes a fifth of the start. */
export function until(iso: string, now = Date.now()): string {
  const left = (new Date(iso).getTime() - now) / 1000
  if (left < 60) return units.until.second(count(Math.max(1, Math.round(left))))
  if (left < 3600) return units.until.minute(count(Math.ceil(left / 60)))
  if (left < 36 * 3600) return units.until.hour(count(Math.round(left / 3600)))
  return units.until.day(count(Math.round(left / 86400)))
}
