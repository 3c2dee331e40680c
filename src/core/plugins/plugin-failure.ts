import {HelixError} from '../errors/helix-error.js'
import {npmFailure} from '../providers/npm-failure.js'
import {redact} from '../security/redact.js'

/** What to say when npm could not bring a plugin, in one line. */
export function pluginFailure(spec: string, folder: string, error: unknown): HelixError {
  const what = redact(spec)
  const output = typeof error === 'object' && error !== null && 'all' in error ? String(error.all ?? '') : ''
  const code = /^npm (?:error|ERR!) code (\S+)$/m.exec(output)?.[1]
  if (code === 'E404') {
    const hint = 'Check its name, and the registry with: npm config get registry'
    return new HelixError('usage', `there is no package ${what}`, {code: 'PACKAGE_UNKNOWN', hint, cause: error})
  }
  if (code === 'ETARGET') {
    const name = what.replace(/(?<=.)@.*$/, '')
    return new HelixError('usage', `there is no such version: ${what}`, {
      code: 'VERSION_UNKNOWN',
      hint: `See what there is: npm view ${name} versions`,
      cause: error,
    })
  }
  if (code === 'EINVALIDPACKAGENAME' || code === 'EINVALIDTAGNAME' || code === 'EUNSUPPORTEDPROTOCOL') {
    return new HelixError('usage', `${JSON.stringify(what)} is no name of a package`, {code: 'PACKAGE_UNKNOWN', cause: error})
  }
  const wanted = code === 'ERESOLVE' && /^npm (?:error|ERR!) (?:\w+ )*peer helix-cli@"([^"]+)" from/m.exec(output)?.[1]
  if (wanted) return new HelixError('unavailable', `${what} is written for another version of Helix: ${wanted}`, {code: 'PLUGIN_INCOMPATIBLE', cause: error})
  return npmFailure(what, folder, error)
}
