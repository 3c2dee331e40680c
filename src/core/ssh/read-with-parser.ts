import {HelixError, messageOf} from '../errors/helix-error.js'
import {expandTokens, localUsername} from './expand-tokens.js'
import {readSshConfigLines} from './ssh-config-lines.js'
import {pickValues, type SshConfigOptions, type SshConfigValues} from './ssh-config-values.js'
import type {SshSettings} from './ssh-settings.js'

/** Reads ssh_config where there is no ssh to ask: same result as `ssh -G`, but that the commands of Match exec are not run. Throws (kind `config`) for a broken file. */
export async function readWithParser(settings: SshSettings, configFile: string | undefined): Promise<SshConfigValues> {
  const username = settings.username ?? localUsername()
  const defaults: SshConfigValues = {
    hostname: settings.host,
    port: 22,
    username,
    identityFiles: ['id_rsa', 'id_ecdsa', 'id_ecdsa_sk', 'id_ed25519', 'id_ed25519_sk', 'id_xmss', 'id_dsa'].map((name) => `~/.ssh/${name}`),
    identitiesOnly: false,
    userKnownHostsFiles: ['~/.ssh/known_hosts', '~/.ssh/known_hosts2'],
    globalKnownHostsFiles: ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'],
  }
  // The parser does not follow Include.
  const text = (await readSshConfigLines(configFile)).map((line) => line.text).join('\n')
  const values = pickValues(await computeOptions(text, settings, username), defaults)
  if (settings.port !== undefined) values.port = settings.port
  values.hostname = expandTokens(values.hostname, {...values, originalHost: settings.host, hostname: settings.host})
  return values
}

async function computeOptions(text: string, settings: SshSettings, username: string): Promise<SshConfigOptions> {
  const {default: SshConfig} = await import('ssh-config')
  try {
    const query = {Host: settings.host, ...(settings.username !== undefined && {User: username})}
    const computed = SshConfig.parse(text).compute(query, {ignoreCase: true, matchExec: false})
    return new Map(Object.entries(computed).map(([keyword, value]) => [keyword, [value].flat()]))
  } catch (error) {
    throw new HelixError('config', `ssh_config cannot be read: ${messageOf(error)}`, {code: 'SSH_CONFIG_INVALID', cause: error})
  }
}
