import {HelixError} from '../errors/helix-error.js'

const INSTANT =
  /^(?:(?<year>\d{4})-(?<month>\d\d)-(?<day>\d\d))?(?:(?<gap>^|[T ])(?<hour>\d\d):(?<minute>\d\d)(?::(?<second>\d\d)(?:\.\d+)?)?(?<zone>Z|[+-]\d\d(?::?\d\d)?)?)?$/
const TEN_YEARS_MS = 10 * 366 * 86_400_000

/**
 * The time to come that a text names: an ISO 8601 date, with or without time and zone, or a time alone, which is the next one.
 * Without a zone it is this machine's. Throws `usage`, also for a time that has passed.
 */
export function parseInstant(text: string, now = new Date()): Date {
  const at = readInstant(text, now)
  if (!at) throw new HelixError('usage', `${text} is not a time; write 2030-01-31T18:00, 2030-01-31T18:00Z or 18:00`, {code: 'TIME_INVALID'})
  if (at < now) throw new HelixError('usage', `${text} has passed`, {code: 'TIME_PASSED'})
  return checkInstant(at, text, now)
}

/** The time so many seconds from now. Throws `usage` for one that nobody means. */
export function instantAfter(seconds: number, now = new Date()): Date {
  return checkInstant(new Date(now.getTime() + seconds * 1000), `${seconds} s`, now)
}

function checkInstant(at: Date, text: string, now: Date): Date {
  if (at.getTime() - now.getTime() <= TEN_YEARS_MS) return at
  throw new HelixError('usage', `${text} is more than ten years ahead`, {code: 'TIME_TOO_FAR'})
}

function readInstant(text: string, now: Date): Date | undefined {
  const {year, month = '', day = '', hour = '0', minute = '0', second = '0', zone, gap} = INSTANT.exec(text)?.groups ?? {}
  const time = [Number(hour), Number(minute), Number(second)] as const
  if (time[0] > 23 || time[1] > 59 || time[2] > 59) return undefined
  if (year === undefined) {
    if (gap !== '' || zone !== undefined) return undefined
    const today = new Date(now.getFullYear(), now.getMonth(), now.getDate(), ...time)
    return today < now ? new Date(now.getFullYear(), now.getMonth(), now.getDate() + 1, ...time) : today
  }
  const date = [Number(year), Number(month) - 1, Number(day)] as const
  const utc = new Date(Date.UTC(...date, ...time))
  // Date counts on, from 30 February to 2 March.
  if (utc.getUTCMonth() !== date[1] || utc.getUTCDate() !== date[2]) return undefined
  if (zone === undefined) return new Date(...date, ...time)
  const [, sign, hours = 0, minutes = 0] = /([+-])(\d\d):?(\d\d)?/.exec(zone) ?? []
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000
  return new Date(utc.getTime() - (sign === '-' ? -offset : offset))
}
