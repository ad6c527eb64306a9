// Figures as people read them. All take the API's units.
const LOCALE = typeof navigator === 'undefined' ? 'en-GB' : navigator.language || 'en-GB'

function number(digits: number): Intl.NumberFormat {
  return new Intl.NumberFormat('en', { maximumFractionDigits: digits })
}

const whole = number(0)
const short = number(1)
const exact = number(2)

export function count(value: number): string {
  return whole.format(value)
}

export function decimal(value: number): string {
  return exact.format(value)
}

export function percent(value: number): string {
  return `${short.format(value)} %`
}

/** 1 048 576 bytes are a megabyte, here as in the API. */
export function bytes(value: number): string {
  const sign = value < 0 ? '-' : ''
  let size = Math.abs(value)
  if (size < 1024) return `${sign}${whole.format(size)} B`
  for (const unit of ['kB', 'MB', 'GB']) {
    size /= 1024
    if (size < 1024) return `${sign}${short.format(size)} ${unit}`
  }
  return `${sign}${short.format(size / 1024)} TB`
}

export function megabytes(value: number): string {
  return value < 1 ? `${exact.format(value)} MB` : bytes(value * 1048576)
}

export function seconds(value: number): string {
  if (value < 1) return `${exact.format(value)} s`
  if (value < 60) return `${short.format(value)} s`
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

export function dateTime(iso: string | null): string {
  if (!iso) return '–'
  return new Intl.DateTimeFormat(LOCALE, { dateStyle: 'medium', timeStyle: 'short' }).format(new Date(iso))
}

export function date(iso: string): string {
  return new Intl.DateTimeFormat(LOCALE, { day: 'numeric', month: 'short', timeZone: 'UTC' }).format(new Date(iso))
}

export function month(iso: string): string {
  return new Intl.DateTimeFormat(LOCALE, { month: 'short', year: 'numeric', timeZone: 'UTC' }).format(new Date(iso))
}

/** "in 5 hours": how long until a time. */
export function until(iso: string, now = Date.now()): string {
  const left = (new Date(iso).getTime() - now) / 1000
  const words = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
  if (left < 60) return words.format(Math.max(1, Math.round(left)), 'second')
  if (left < 3600) return words.format(Math.ceil(left / 60), 'minute')
  if (left < 36 * 3600) return words.format(Math.round(left / 3600), 'hour')
  return words.format(Math.round(left / 86400), 'day')
}
