import {HelixError} from '../errors/helix-error.js'
import {expandHome, expandPath, type TokenValues} from './expand-tokens.js'
import {validateSshSettings} from './parse-target.js'
import {readWithOpenssh} from './read-with-openssh.js'
import {readWithParser} from './read-with-parser.js'
import type {SshConfigValues} from './ssh-config-values.js'
import type {SshSettings} from './ssh-settings.js'

/** A host with everything that ssh_config says about it; paths are absolute, tokens expanded. */
export interface ResolvedHost extends Omit<SshConfigValues, 'proxyJump' | 'proxyCommand'> {
  /** Hosts to go through, the first one first. */
  proxyJump: string[]
  /** It is reached through a ProxyCommand, which only the system's ssh runs. */
  hasProxyCommand?: boolean
}

export interface ResolveOptions {
  /** Read instead of the user's and the system's ssh_config, as `ssh -F` does; `none` reads no file. Defaults to HELIX_SSH_CONFIG. */
  configFile?: string
  /** Hosts to go through instead of those of ssh_config. */
  proxyJump?: string[]
  /** Who reads ssh_config: OpenSSH's own `ssh -G`, or the parser that stands in where there is no ssh. By default whichever is there. */
  reader?: 'openssh' | 'parser'
  /** The caller can go through a ProxyCommand. */
  proxyCommand?: boolean
}

/** The name under which known_hosts has a host. */
export function knownAs({hostname, port, hostKeyAlias}: ResolvedHost): {host: string; port: number} {
  // OpenSSH looks an alias up as it stands, whatever the port.
  return hostKeyAlias === undefined ? {host: hostname, port} : {host: hostKeyAlias, port: 22}
}

/**
 * Completes settings with what ssh_config says about the host; what the settings say themselves wins.
 * Throws `usage` for an impossible host or user, `config` for an ssh_config that cannot be read, `unavailable` for a host that needs a ProxyCommand.
 */
export async function resolveHost(settings: SshSettings, options: ResolveOptions = {}): Promise<ResolvedHost> {
  validateSshSettings(settings)
  const values = await readSshConfig(settings, options.configFile ?? process.env.HELIX_SSH_CONFIG, options.reader)
  if (values.proxyCommand !== undefined && options.proxyJump === undefined && options.proxyCommand !== true)
    throw proxyCommandError(settings.host, values.proxyCommand)
  const tokens: TokenValues = {originalHost: settings.host, hostname: values.hostname, port: values.port, username: values.username}
  if (values.hostKeyAlias !== undefined) tokens.hostKeyAlias = values.hostKeyAlias
  if (values.proxyJump !== undefined) tokens.proxyJump = values.proxyJump
  const expand = (path: string) => expandPath(path, tokens)
  return {
    hostname: values.hostname,
    port: values.port,
    username: values.username,
    identityFiles: settings.keyPath === undefined ? values.identityFiles.map(expand) : [expandHome(settings.keyPath)],
    identitiesOnly: settings.keyPath !== undefined || values.identitiesOnly,
    ...(values.identityAgent !== undefined && findAgent(values.identityAgent, expand)),
    proxyJump: options.proxyJump ?? splitJumps(values.proxyJump),
    userKnownHostsFiles: values.userKnownHostsFiles.map(expand),
    globalKnownHostsFiles: values.globalKnownHostsFiles.map(expand),
    ...(values.hostKeyAlias !== undefined && {hostKeyAlias: values.hostKeyAlias}),
    ...(values.hasKnownHostsCommand && {hasKnownHostsCommand: true}),
    ...(values.proxyCommand !== undefined && options.proxyJump === undefined && {hasProxyCommand: true}),
  }
}

async function readSshConfig(settings: SshSettings, configFile: string | undefined, reader: ResolveOptions['reader']): Promise<SshConfigValues> {
  if (reader === 'parser') return readWithParser(settings, configFile)
  const values = await readWithOpenssh(settings, configFile)
  if (values !== undefined) return values
  if (reader === 'openssh') throw new HelixError('unavailable', 'there is no ssh on PATH', {code: 'SSH_MISSING', hint: 'Install the OpenSSH client'})
  return readWithParser(settings, configFile)
}

function splitJumps(jump: string | undefined): string[] {
  return jump === undefined || jump.toLowerCase() === 'none' ? [] : jump.split(',').map((hop) => hop.trim().replace(/^ssh:\/\//u, ''))
}

function findAgent(value: string, expand: (path: string) => string): {identityAgent?: string} {
  if (value === 'SSH_AUTH_SOCK') return {}
  // A variable's name after a dollar sign is the socket's path; ssh_config(5), IdentityAgent.
  const path = /^\$\w+$/u.test(value) ? (process.env[value.slice(1)] ?? 'none') : expand(value)
  return {identityAgent: path}
}

function proxyCommandError(host: string, command: string): HelixError {
  return new HelixError('unavailable', `ssh_config reaches ${host} through ProxyCommand ${JSON.stringify(command)}, which the transport ssh2 does not run`, {
    code: 'PROXY_COMMAND_UNSUPPORTED',
    hint: 'Give the worker the transport openssh, which does, or use ProxyJump where that is possible',
  })
}
