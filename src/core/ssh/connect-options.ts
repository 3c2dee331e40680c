import type {AskSecret} from './authenticate.js'
import type {ResolveOptions} from './resolve-host.js'

/** A connection is probed when nothing has come for so long. More often, and that would be most of what a coordinator of many idle workers has to do. */
export const KEEPALIVE_MS = 10_000
/** A host that is probed must answer within this time. With the seconds to which both are rounded up, a worker is known to be away after 18 s; it must be after 20. */
export const ANSWER_MS = 6_900

/** Options of a connection; all have their default. */
export interface ConnectOptions extends Pick<ResolveOptions, 'configFile' | 'reader'> {
  /** Asks the user for what no reference gives. Without it nothing is asked. */
  askSecret?: AskSecret
  /** For reaching the host, and again for each step until the login; 15 s. */
  connectTimeoutMs?: number
  /** How long nothing may come before the host is probed; 10 s. */
  keepaliveMs?: number
  /** How long it may then take to answer; 6.9 s. */
  answerMs?: number
  /** Sessions open at once, of which files take one; 8. sshd allows 10 by default. */
  maxSessions?: number
}
