import {HelixError} from '../errors/helix-error.js'
import {npmFailure} from '../providers/npm-failure.js'
import {redact} from '../security/redact.js'

const NO_NAMES = new Set(['EINVALIDPACKAGENAME', 'EINVALIDTAGNAME', 'EUNSUPPORTEDPROTOCOL'])
// As npm 10 and 11 say it.
const MISSING = /'([^']+)' (?:could not be found|is not in this registry)|No matching version found for (\S+?)\.?(?:\s|$)/

/** What to say when npm could not bring a plugin, in one line. */
export function pluginFailure(spec: string, folder: string, error: unknown): HelixError {
  const what = redact(spec)
  const output = typeof error === 'object' && error !== null && 'all' in error ? String(error.all ?? '') : ''
  const code = /^npm (?:error|ERR!) code (\S+)$/m.exec(output)?.[1] ?? ''
  if (code === 'E404' || code === 'ETARGET') return missingFailure(what, code, output, error)
  if (NO_NAMES.has(code)) return new HelixError('usage', `${JSON.stringify(what)} is no name of a package`, {code: 'PACKAGE_UNKNOWN', cause: error})
  return npmFailure(what, folder, error)
}

function missingFailure(what: string, code: 'E404' | 'ETARGET', output: string, cause: unknown): HelixError {
  const [, resource, version] = MISSING.exec(output) ?? []
  const missing = resource ?? version ?? what
  if (nameIn(missing) !== nameIn(what)) {
    return new HelixError('unavailable', `${what} needs ${missing}, and there is no such package`, {code: 'DEPENDENCY_UNKNOWN', cause})
  }
  if (code === 'ETARGET') {
    const hint = `See what there is: npm view ${nameIn(what)} versions`
    return new HelixError('usage', `there is no such version: ${what}`, {code: 'VERSION_UNKNOWN', hint, cause})
  }
  const hint = 'Check its name, and the registry with: npm config get registry'
  return new HelixError('usage', `there is no package ${what}`, {code: 'PACKAGE_UNKNOWN', hint, cause})
}

function nameIn(spec: string): string {
  return spec.replace(/(?<=.)@.*$/, '')
}
