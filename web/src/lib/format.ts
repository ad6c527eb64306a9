// Figures as people read them. All take the API's units.
const LOCALE = typeof navigator === 'undefined' ? 'en-GB' : navigator.language || 'en-GB'

/** Made at the first use and once: making a formatter costs more than using it a hundred times. */
function once<T>(make: () => T): () => T {
  let made: T | undefined
  return () => (made ??= make())
}

const whole = once(() => new Intl.NumberFormat('en', { maximumFractionDigits: 0 }))
const short = once(() => new Intl.NumberFormat('en', { maximumFractionDigits: 1 }))
const exact = once(() => new Intl.NumberFormat('en', { maximumFractionDigits: 2 }))

export function count(value: number): string {
  return Number.isInteger(value) && value >= 0 && value < 1000 ? String(value) : whole().format(value)
}

export function decimal(value: number): string {
  return exact().format(value)
}

export function percent(value: number): string {
  return `${short().format(value)} %`
}

/** 1 048 576 bytes are a megabyte, here as in the API. */
export function bytes(value: number): string {
  const sign = value < 0 ? '-' : ''
  let size = Math.abs(value)
  if (size < 1024) return `${sign}${whole().format(size)} B`
  for (const unit of ['kB', 'MB', 'GB']) {
    size /= 1024
    if (size < 1024) return `${sign}${short().format(size)} ${unit}`
  }
  return `${sign}${short().format(size / 1024)} TB`
}

export function megabytes(value: number): string {
  return value < 1 ? `${exact().format(value)} MB` : bytes(value * 1048576)
}

export function seconds(value: number): string {
  if (value < 1) return `${exact().format(value)} s`
  if (value < 60) return `${short().format(value)} s`
  const minutes = Math.floor(value / 60)
  if (minutes < 60) return `${minutes} min ${Math.floor(value % 60)} s`
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`
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

function inUnits(amount: number, unit: string): string {
  return `in ${count(amount)} ${unit}${amount === 1 ? '' : 's'}`
}

/** "in 5 hours": how long until a time. Without Intl, whose first use takes a fifth of the start. */
export function until(iso: string, now = Date.now()): string {
  const left = (new Date(iso).getTime() - now) / 1000
  if (left < 60) return inUnits(Math.max(1, Math.round(left)), 'second')
  if (left < 3600) return inUnits(Math.ceil(left / 60), 'minute')
  if (left < 36 * 3600) return inUnits(Math.round(left / 3600), 'hour')
  return inUnits(Math.round(left / 86400), 'day')
}
