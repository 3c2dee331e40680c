import {errorCode, HelixError, messageOf} from '../errors/helix-error.js'
import {redact} from '../security/redact.js'

const NETWORK = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ERR_SOCKET_TIMEOUT|EHOSTUNREACH|ENETUNREACH|CERT_\w+|SELF_SIGNED\w*|UNABLE_TO_\w+)\b/

/** What to say when npm could not install a package, in one line with npm's own reason. */
export function npmFailure(what: string, folder: string, error: unknown): HelixError {
  if (errorCode(error) === 'ENOENT' && isSpawnFailure(error)) {
    return new HelixError('config', `npm is not on the PATH, and ${what} is installed with it`, {
      code: 'NPM_MISSING',
      hint: 'Install Node.js with npm, or put the folder of npm on the PATH.',
      cause: error,
    })
  }
  const output = redact(outputOf(error))
  if (/\bENOSPC\b/.test(`${errorCode(error)} ${output}`)) return diskFull(what, folder, error)
  const reason = reasonOf(output)
  if (NETWORK.test(output)) {
    const hint = 'Check the network, and the registry with: npm config get registry'
    return new HelixError('unavailable', `npm cannot reach its registry for ${what}: ${reason}`, {code: 'REGISTRY_UNREACHABLE', hint, cause: error})
  }
  return new HelixError('unavailable', `npm could not install ${what}: ${reason}`, {code: 'INSTALL_FAILED', cause: error})
}

/** What to say when there is no space left where a package is installed. */
export function diskFull(what: string, folder: string, cause?: unknown): HelixError {
  return new HelixError('unavailable', `there is no space left for ${what} in ${folder}`, {code: 'DISK_FULL', hint: 'Free some space and try again.', cause})
}

function isSpawnFailure(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'originalMessage' in error && /spawn/.test(String(error.originalMessage))
}

function outputOf(error: unknown): string {
  const all = typeof error === 'object' && error !== null && 'all' in error ? String(error.all ?? '') : ''
  return all || messageOf(error)
}

// npm says what went wrong in lines such as "npm error code ENOTFOUND" and "npm error network request to … failed, reason: …".
function reasonOf(output: string): string {
  const lines = output.split('\n').flatMap((line) => {
    const text = line.replace(/^npm (error|ERR!)\s*/i, '').trim()
    return text === '' || /^(A complete log|errno|syscall|network$|code\b)|In most cases|If you are behind|'proxy' config/i.test(text) ? [] : [text]
  })
  const line = (lines.find((text) => /reason:|failed|not found|no matching/i.test(text)) ?? lines[0] ?? 'it gave no reason').replace(
    /^(network|notarget)\s+/,
    '',
  )
  return line.length > 300 ? `${line.slice(0, 300)}…` : line
}
