import {Cron} from 'croner'
import {HelixError, messageOf} from '../errors/helix-error.js'

/** Throws `usage` for an expression or a zone that cannot be read. Five fields, or six with seconds first, or a name such as `@daily`. */
export function checkCron(cron: string, timezone: string): void {
  try {
    new Intl.DateTimeFormat('en', {timeZone: timezone})
  } catch {
    throw new HelixError('usage', `${timezone} is not a time zone; write one such as Europe/Berlin or UTC`, {code: 'TIMEZONE_INVALID'})
  }
  try {
    open(cron, timezone)
  } catch (error) {
    const why = messageOf(error)
      .replace(/^CronPattern: /, '')
      .replace('five, six, or seven', 'five or six')
    throw new HelixError('usage', `${JSON.stringify(cron)} is not a cron expression: ${why}`, {
      code: 'CRON_INVALID',
      hint: 'Write minute, hour, day of the month, month and day of the week, as in: 30 3 * * 1-5',
      cause: error,
    })
  }
}

/** The first time after `after` that an expression names; undefined when there is none any more. */
export function nextRun(cron: string, timezone: string, after: Date): Date | undefined {
  return open(cron, timezone).nextRun(after) ?? undefined
}

function open(cron: string, timezone: string): Cron {
  return new Cron(cron, {timezone, mode: '5-or-6-parts'})
}
