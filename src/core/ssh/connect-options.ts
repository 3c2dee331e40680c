import type {AskSecret} from './authenticate.js'
import type {ResolveOptions} from './resolve-host.js'

/** Options of a connection; all have their default. */
export interface ConnectOptions extends Pick<ResolveOptions, 'configFile' | 'reader'> {
  /** Asks the user for what no reference gives. Without it nothing is asked. */
  askSecret?: AskSecret
  /** For reaching the host, and again for each step until the login; 15 s. */
  connectTimeoutMs?: number
  /** How often an idle connection is probed; 5 s. */
  keepaliveMs?: number
  /** How many probes in a row may stay unanswered; 3. */
  keepaliveCount?: number
  /** Sessions open at once, of which files take one; 8. sshd allows 10 by default. */
  maxSessions?: number
}
