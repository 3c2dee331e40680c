import {createHash} from 'node:crypto'
import {homedir, hostname, userInfo} from 'node:os'
import {join} from 'node:path'

/** What the percent tokens of ssh_config stand for. */
export interface TokenValues {
  /** The host as it was given, `%n`. */
  originalHost: string
  /** The host name that is connected to, `%h`. */
  hostname: string
  port: number
  username: string
  hostKeyAlias?: string
  proxyJump?: string
}

/** The name of the user that Helix runs as; falls back on the environment where the system has no entry for it, as in some containers. */
export function localUsername(): string {
  try {
    return userInfo().username
  } catch {
    return process.env.USER ?? process.env.USERNAME ?? ''
  }
}

/** Replaces the percent tokens of ssh_config(5), TOKENS; one that is not known stays as it is. */
export function expandTokens(text: string, values: TokenValues): string {
  const local = hostname()
  const jump = values.proxyJump ?? ''
  const tokens = new Map<string, () => string>([
    ['%', () => '%'],
    ['C', () => createHash('sha1').update(`${local}${values.hostname}${values.port}${values.username}${jump}`).digest('hex')],
    ['d', () => homedir()],
    ['h', () => values.hostname],
    ['i', () => String(process.getuid?.() ?? '')],
    ['j', () => jump],
    ['k', () => values.hostKeyAlias ?? values.originalHost],
    ['L', () => local.split('.')[0] ?? local],
    ['l', () => local],
    ['n', () => values.originalHost],
    ['p', () => String(values.port)],
    ['r', () => values.username],
    ['u', localUsername],
  ])
  return text.replace(/%(.)/gsu, (token, letter: string) => tokens.get(letter)?.() ?? token)
}

/** Expands a path of ssh_config: `~`, `${NAME}` and percent tokens. */
export function expandPath(path: string, values: TokenValues): string {
  const withVariables = path.replace(/\$\{(\w+)\}/gu, (_, name: string) => process.env[name] ?? '')
  return expandHome(expandTokens(withVariables, values))
}

/** Replaces a leading `~` by the home folder. */
export function expandHome(path: string): string {
  return path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : path
}
