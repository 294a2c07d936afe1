import { SternaError } from '../../errors.ts'

/** Microseconds since 1970: what DuckLake's texts can tell. They fit a number until the year 2255. */
export function nowUs(): number {
  return Date.now() * 1000
}

/** An instant as DuckLake writes it: `2026-02-03 04:05:06.789000+00`. */
export function toTimeText(us: number): string {
  const micros = String(us % 1000).padStart(3, '0')
  return new Date(Math.floor(us / 1000)).toISOString().replace('T', ' ').replace('Z', `${micros}+00`)
}

/** Reads what DuckLake and its engines write, in any zone: `2026-02-03 05:06:07+01`. @returns 0 for anything else */
export function fromTimeText(text: string): number {
  const parts = /^(\S+)[ T]([\d:]+)(?:\.(\d{1,6})\d*)?([+-]\d\d)?(?::?(\d\d))?Z?$/.exec(text)
  if (parts === null) return 0
  const [, date, time, fraction = '', hours = '+00', minutes = '00'] = parts
  const ms = Date.parse(`${date}T${time}${hours}:${minutes}`)
  return Number.isNaN(ms) ? 0 : ms * 1000 + Number(fraction.padEnd(6, '0'))
}

/** Microseconds since 1970 as nanoseconds. */
export function toNs(us: number): bigint {
  return BigInt(us) * 1000n
}

/**
 * Reads an instant as people write it: a date, or a date and a time (`2026-02-03T04:05:06.789Z`), in UTC where it names
 * no offset.
 *
 * @returns microseconds since 1970; undefined for anything else
 */
export function parseInstant(text: string): number | undefined {
  const parts = /^(\d{4}-\d\d-\d\d)(?:[ T](\d\d:\d\d)(:\d\d)?(.*))?$/.exec(text.trim())
  if (parts === null) return undefined
  const [, date = '', time = '00:00', seconds = ':00', rest = ''] = parts
  const day = Date.parse(`${date}T00:00:00Z`)
  // Date takes the 30th of February for a day of March.
  if (Number.isNaN(day) || !new Date(day).toISOString().startsWith(date)) return undefined
  const us = fromTimeText(`${date} ${time}${seconds}${rest}`)
  return us === 0 && day !== 0 ? undefined : us
}

/** An instant that is no later than now, in microseconds since 1970; now where there is no text. @throws REQUEST_INVALID */
export function pastInstant(text: string | undefined): number {
  if (text === undefined) return nowUs()
  const us = parseInstant(text)
  if (us !== undefined && us <= nowUs()) return us
  const problem = us === undefined ? 'no timestamp such as 2026-02-03T04:05:06Z' : 'an instant to come'
  throw new SternaError('REQUEST_INVALID', `"${text.slice(0, 50)}" is ${problem}`)
}
