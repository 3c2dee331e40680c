import {HelixError} from '../errors/helix-error.js'

type ServiceScope = 'user' | 'system'

export interface ServiceOptions {
  scope: ServiceScope
  /** Program and arguments that start this Helix. */
  helix: readonly string[]
  /** Variables that the service gets, such as HELIX_DATA_DIR. */
  environment: Record<string, string>
  /** Whose service it is, where the system runs it. */
  user: string
  platform: NodeJS.Platform
}

/**
 * The text of a systemd unit that runs a scheduler for good. Throws `usage` for a system without systemd, and `config` for a path
 * that a unit cannot hold.
 */
export function buildServiceUnit({scope, helix, environment, user, platform}: ServiceOptions): string {
  if (platform !== 'linux') {
    throw new HelixError('usage', 'systemd units are for Linux only', {
      code: 'NO_SYSTEMD',
      hint: `On this system, let its own service manager run: ${helix.join(' ')} scheduler start`,
    })
  }
  const variables = Object.entries(environment).map(([name, value]) => `Environment=${quote(`${name}=${value}`)}\n`)
  return `[Unit]
Description=Helix scheduler
${scope === 'system' ? 'Wants=network-online.target\nAfter=network-online.target\n' : ''}
[Service]
Type=exec
ExecStart=${[...helix, 'scheduler', 'start'].map(quoteArgument).join(' ')}
${scope === 'system' ? `User=${quote(user)}\n` : ''}${variables.join('')}Restart=on-failure
RestartSec=5
# Only the scheduler is stopped: tasks on this machine go on, and the next scheduler looks after them.
KillMode=process
# A task that is killed for want of memory is that task's failure only.
OOMPolicy=continue
# It gives short tasks ten seconds to end.
TimeoutStopSec=30

[Install]
WantedBy=${scope === 'system' ? 'multi-user.target' : 'default.target'}
`
}

// systemd.service(5), Command lines: `$` begins a variable, `%` a specifier.
function quoteArgument(text: string): string {
  return quote(text).replaceAll('$', '$$$$')
}

function quote(text: string): string {
  if (/[\0\n]/.test(text)) throw new HelixError('config', 'a path with a line break cannot stand in a systemd unit', {code: 'UNIT_PATH_INVALID'})
  const escaped = text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('%', '%%')
  return /^[\w@:,./+=%-]+$/.test(escaped) ? escaped : `"${escaped}"`
}
