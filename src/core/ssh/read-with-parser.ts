import {globSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {homedir} from 'node:os'
import {isAbsolute, join} from 'node:path'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {expandHome, expandTokens, localUsername} from './expand-tokens.js'
import {pickValues, type SshConfigOptions, type SshConfigValues} from './ssh-config-values.js'
import type {SshSettings} from './ssh-settings.js'

// As deep as OpenSSH follows Include.
const INCLUDE_DEPTH = 16

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
  const text = await readConfigText(configFile)
  const values = pickValues(await computeOptions(text, settings, username), defaults)
  if (settings.port !== undefined) values.port = settings.port
  values.hostname = expandTokens(values.hostname, {...values, originalHost: settings.host, hostname: settings.host})
  return values
}

async function readConfigText(configFile: string | undefined): Promise<string> {
  if (configFile === 'none') return ''
  if (configFile !== undefined) return inlineIncludes(await readFile(configFile, 'utf8').catch(rethrow(configFile)), join(homedir(), '.ssh'))
  const user = join(homedir(), '.ssh', 'config')
  const texts: string[] = []
  for (const file of [user, '/etc/ssh/ssh_config']) {
    const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? '' : rethrow(file)(error)))
    // The line ends the last Host block of the file before.
    texts.push(await inlineIncludes(text, file === user ? join(homedir(), '.ssh') : '/etc/ssh'), 'Host *')
  }
  return texts.join('\n')
}

// The parser does not follow Include, so the text of each file takes the place of the line, and the block around it is opened again after it.
async function inlineIncludes(text: string, folder: string, depth = 0): Promise<string> {
  const lines: string[] = []
  let block = 'Host *'
  for (const line of text.split(/\r?\n/u)) {
    if (/^\s*(?:Host|Match)[\s=]/iu.test(line)) block = line
    const include = /^\s*Include[\s=]+(.+)$/iu.exec(line)?.[1]
    if (include === undefined) {
      lines.push(line)
      continue
    }
    if (depth === INCLUDE_DEPTH) throw new HelixError('config', 'ssh_config includes too many files in one another', {code: 'SSH_CONFIG_INVALID'})
    for (const file of findIncluded(include, folder))
      lines.push(await inlineIncludes(await readFile(file, 'utf8').catch(rethrow(file)), folder, depth + 1), block)
  }
  return lines.join('\n')
}

function findIncluded(patterns: string, folder: string): string[] {
  const paths = patterns.match(/"[^"]*"|\S+/gu) ?? []
  return paths
    .map((path) => expandHome(path.replaceAll('"', '')))
    .map((path) => (isAbsolute(path) ? path : join(folder, path)))
    .flatMap((path) => globSync(path).sort())
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

function rethrow(file: string): (error: unknown) => never {
  return (error) => {
    throw new HelixError('config', `cannot read ${file}: ${messageOf(error)}`, {code: 'SSH_CONFIG_UNREADABLE', cause: error})
  }
}
