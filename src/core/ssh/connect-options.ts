import type {AskSecret} from './authenticate.js'
import type {ResolveOptions} from './resolve-host.js'

/**
 * ssh2 and ssh both end a connection when the probe after the last allowed one is due: four intervals, and what has passed of one when
 * the link went dead is part of the first. With 4 s a dead link is noticed after 12 to 16 s; 5 s would make it 20 s at worst, which is
 * when a worker must be known to be away.
 */
export const KEEPALIVE_MS = 4_000
export const KEEPALIVE_COUNT = 3

/** Options of a connection; all have their default. */
export interface ConnectOptions extends Pick<ResolveOptions, 'configFile' | 'reader'> {
  /** Asks the user for what no reference gives. Without it nothing is asked. */
  askSecret?: AskSecret
  /** For reaching the host, and again for each step until the login; 15 s. */
  connectTimeoutMs?: number
  /** How often an idle connection is probed; 4 s. */
  keepaliveMs?: number
  /** How many probes in a row may stay unanswered; 3. */
  keepaliveCount?: number
  /** Sessions open at once, of which files take one; 8. sshd allows 10 by default. */
  maxSessions?: number
}
