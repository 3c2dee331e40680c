import {HelixError} from '../errors/helix-error.js'
import {SILENT} from './keep-alive.js'
import {connectError} from './open-socket.js'
import type {ResolvedHost} from './resolve-host.js'

/** Says of what ssh said (LC_ALL=C) why there is no connection, in the words and with the codes of the other transport. */
export function opensshError(said: string, host: ResolvedHost): HelixError {
  const changed = /^Host key for (\S+) has changed/mu.exec(said)
  if (changed?.[1]) {
    const shown = /key sent by the remote host is\n(SHA256:\S+?)\.?$/mu.exec(said)?.[1] ?? 'another one'
    return new HelixError('denied', `the host key of ${nameOf(changed[1])}, which is on the way, has changed: it shows ${shown}. Nothing was executed`, {
      code: 'HOST_KEY_CHANGED',
      hint: 'Somebody may be listening in, or the machine was installed anew. If you know why: ssh-keygen -R removes the old key',
    })
  }
  const revoked = /^(?:WARNING: REVOKED HOST KEY|.*marked as revoked)/mu.test(said)
  if (revoked) return new HelixError('denied', 'the host key of a host on the way is revoked. Nothing was executed', {code: 'HOST_KEY_REVOKED'})
  const unknown = /^No (\S+) host key is known for (\S+)/mu.exec(said)
  if (unknown?.[2]) {
    return new HelixError('denied', `the host key of ${nameOf(unknown[2])}, which is on the way, is not known: ${unknown[1]}`, {
      code: 'HOST_KEY_UNKNOWN',
      hint: 'Connect there once with ssh and compare the fingerprint, or accept it unseen with --accept-new',
    })
  }
  const lines = said.split('\n').filter(Boolean)
  const refused = lines.findLast((line) => /Permission denied|authentication failures|No more authentication methods/iu.test(line))
  if (refused !== undefined) {
    return new HelixError('denied', `${host.username}@${host.hostname} refused the login: ${refused.replace(/^.*?: (?=Permission denied)/u, '')}`, {
      code: 'AUTH_FAILED',
      hint: 'The transport openssh asks for nothing: load the key with ssh-add, or name one without a passphrase with --key',
    })
  }
  const config = lines.findLast((line) => /Bad configuration option|^(?:.*: )?(?:line \d+: )?(?:unsupported option|Bad owner)/iu.test(line))
  if (config !== undefined) return new HelixError('config', `ssh does not accept its configuration: ${config}`, {code: 'SSH_CONFIG_INVALID'})
  const why =
    lines.findLast((line) => /^ssh: |^(?:Connection|kex_exchange|Unable|Timeout|stdio forwarding|channel \d)/iu.test(line)) ?? lines.at(-1) ?? 'no answer'
  return connectError(host.hostname, host.port, new Error(readable(why)))
}

/** Why a connection that stood was lost, of what ssh said. */
export function opensshLoss(said: string): Error {
  if (/^Timeout, server .* not responding/mu.test(said)) return new Error(SILENT)
  const last = said.split('\n').filter(Boolean).at(-1)
  return new Error(last === undefined ? 'ssh ended' : readable(last))
}

// known_hosts writes a port other than 22 as [host]:port.
function nameOf(host: string): string {
  return host.replace(/^\[(.*)\]:(\d+)$/u, '$1 port $2')
}

function readable(line: string): string {
  const end = line.replace(/^ssh: (?:connect to host \S+ port \d+: |Could not resolve hostname \S+: )?/u, '').replace(/\.$/u, '')
  return /^[A-Z][a-z]/u.test(end) ? end[0]?.toLowerCase() + end.slice(1) : end
}
