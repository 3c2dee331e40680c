import type {AskSecret} from './authenticate.js'
import type {ResolveOptions} from './resolve-host.js'

/**
 * ssh2 and ssh both end a connection when the probe after the last allowed one is due: two intervals, and what has passed of one when
 * the link went dead is part of the first. With 9 s a dead link is noticed after 9 to 18 s; a worker must be known to be away after 20 s.
 * With more probes in that time they would be most of what a coordinator of many idle workers has to do. Whatever else comes puts the next one off.
 */
export const KEEPALIVE_MS = 9_000
export const KEEPALIVE_COUNT = 1

/** Options of a connection; all have their default. */
export interface ConnectOptions extends Pick<ResolveOptions, 'configFile' | 'reader'> {
  /** Asks the user for what no reference gives. Without it nothing is asked. */
  askSecret?: AskSecret
  /** For reaching the host, and again for each step until the login; 15 s. */
  connectTimeoutMs?: number
  /** How often an idle connection is probed; 9 s. */
  keepaliveMs?: number
  /** How many probes in a row may stay unanswered; 1. */
  keepaliveCount?: number
  /** Sessions open at once, of which files take one; 8. sshd allows 10 by default. */
  maxSessions?: number
}
