/** What ssh_config says about one host, as `ssh -G` prints it: tokens in paths are not expanded yet. */
export interface SshConfigValues {
  hostname: string
  port: number
  username: string
  identityFiles: string[]
  /** Only keys of `identityFiles` are offered, also from the agent. */
  identitiesOnly: boolean
  /** The agent's socket, `none`, or undefined for the one in SSH_AUTH_SOCK. */
  identityAgent?: string
  proxyJump?: string
  proxyCommand?: string
  userKnownHostsFiles: string[]
  globalKnownHostsFiles: string[]
  hostKeyAlias?: string
  /** A command of the user's tells host keys, too. */
  hasKnownHostsCommand?: boolean
}

/** Keywords in lower case with the values that apply, in order. */
export type SshConfigOptions = Map<string, string[]>

/** Picks what Helix uses from ssh_config's options. */
export function pickValues(options: SshConfigOptions, defaults: SshConfigValues): SshConfigValues {
  const first = (keyword: string) => options.get(keyword)?.[0]
  const values: SshConfigValues = {
    hostname: first('hostname') ?? defaults.hostname,
    port: Number(first('port') ?? defaults.port),
    username: first('user') ?? defaults.username,
    identityFiles: withoutNone(options.get('identityfile') ?? defaults.identityFiles),
    identitiesOnly: (first('identitiesonly') ?? 'no') === 'yes',
    userKnownHostsFiles: withoutNone(options.get('userknownhostsfile') ?? defaults.userKnownHostsFiles),
    globalKnownHostsFiles: withoutNone(options.get('globalknownhostsfile') ?? defaults.globalKnownHostsFiles),
    ...((first('knownhostscommand') ?? 'none') !== 'none' && {hasKnownHostsCommand: true}),
  }
  const identityAgent = first('identityagent')
  if (identityAgent !== undefined) values.identityAgent = identityAgent
  const hostKeyAlias = first('hostkeyalias')
  if (hostKeyAlias !== undefined) values.hostKeyAlias = hostKeyAlias
  const proxyJump = first('proxyjump')
  if (proxyJump !== undefined && proxyJump !== 'none') values.proxyJump = proxyJump
  const proxyCommand = first('proxycommand')
  if (proxyCommand !== undefined && proxyCommand !== 'none') values.proxyCommand = proxyCommand
  return values
}

function withoutNone(values: string[]): string[] {
  return values.filter((value) => value.toLowerCase() !== 'none')
}
