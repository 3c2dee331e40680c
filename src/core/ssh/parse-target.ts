import {HelixError} from '../errors/helix-error.js'
import type {SshSettings} from './ssh-settings.js'

/** Where to connect, as a user writes it on the command line. */
export interface SshTarget {
  host: string
  username?: string
  port?: number
}

// Letters of any script, because host names may be internationalised; nothing that ssh, a shell or a terminal would take for more than a name.
const HOST = /^[\p{L}\p{N}_.:][\p{L}\p{N}\p{M}_.:%+-]*$/u
const USERNAME = /^[\p{L}\p{N}_.][\p{L}\p{N}\p{M}_.@+-]*$/u

/** Parses `user@host`, `user@host:port`, `user@[::1]:port` or a bare host. Throws (kind `usage`) where a part could be taken for an option or a shell's syntax. */
export function parseTarget(text: string): SshTarget {
  // A user name may contain an @, as those of a directory service do; a host cannot.
  const at = text.lastIndexOf('@')
  const parts = splitPort(text.slice(at + 1))
  const target: SshTarget = {host: parts.host}
  if (at >= 0) target.username = text.slice(0, at)
  if (parts.port !== undefined) target.port = parts.port === '' ? Number.NaN : Number(parts.port)
  checkNames(target)
  return target
}

/** Checks host, user and port of settings that come from the config or the store as `parseTarget` does for the command line; throws the same errors. */
export function validateSshSettings(settings: SshSettings): void {
  checkNames(settings)
}

function splitPort(text: string): {host: string; port?: string} {
  const bracketed = /^\[([^[\]]*)\](?::(.*))?$/su.exec(text)
  if (bracketed !== null) return {host: bracketed[1] ?? '', ...(bracketed[2] !== undefined && {port: bracketed[2]})}
  const [host = '', port, ...rest] = text.split(':')
  // More than one colon without brackets is an IPv6 address, which has no port then.
  return rest.length > 0 || port === undefined ? {host: text} : {host, port}
}

function checkNames({host, username, port}: SshTarget): void {
  if (!HOST.test(host)) throw refusal(`${quote(host)} is not a host name or address`)
  if (username !== undefined && !USERNAME.test(username)) throw refusal(`${quote(username)} is not a user name`)
  if (port !== undefined && !(Number.isInteger(port) && port >= 1 && port <= 65_535))
    throw refusal(`the port of ${quote(host)} is not a number from 1 to 65535`)
}

function refusal(message: string): HelixError {
  return new HelixError('usage', message, {code: 'SSH_TARGET_INVALID', hint: 'Write it as user@host, user@host:port or user@[address]:port'})
}

// JSON keeps the message on one line and makes control characters visible.
function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text)
}
