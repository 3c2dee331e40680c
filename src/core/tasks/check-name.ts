import {HelixError} from '../errors/helix-error.js'

/** Throws `usage` for a name of a project or a schedule that could not be typed, or shown in a table. */
export function checkName(what: 'project' | 'schedule', name: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(name)) return
  throw new HelixError('usage', `${JSON.stringify(name)} is not a name for a ${what}: letters, digits, dots, dashes and underscores, at most 63`, {
    code: 'NAME_INVALID',
  })
}
