import {mkdtemp, rm, writeFile} from 'node:fs/promises'
import {homedir, tmpdir, userInfo} from 'node:os'
import {join} from 'node:path'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {pickValues, type SshConfigOptions, type SshConfigValues} from './ssh-config-values.js'
import type {SshSettings} from './ssh-settings.js'

// Options that name several files on one line.
const LISTS = new Set(['userknownhostsfile', 'globalknownhostsfile'])

/** Asks `ssh -G` what ssh_config says about the host; undefined where there is no ssh. Throws (kind `config`) what ssh says about a broken file. */
export async function readWithOpenssh(settings: SshSettings, configFile: string | undefined): Promise<SshConfigValues | undefined> {
  const config = configFile === undefined ? configOfHome() : undefined
  if (config === undefined) return askOpenssh(settings, configFile)
  const folder = await mkdtemp(join(tmpdir(), 'helix-ssh-'))
  try {
    await writeFile(join(folder, 'config'), config)
    return await askOpenssh(settings, join(folder, 'config'))
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}

async function askOpenssh(settings: SshSettings, configFile: string | undefined): Promise<SshConfigValues | undefined> {
  const {execa} = await import('execa')
  const args = ['-G']
  if (configFile !== undefined) args.push('-F', configFile)
  if (settings.port !== undefined) args.push('-p', String(settings.port))
  if (settings.username !== undefined) args.push('-l', settings.username)
  const result = await execa('ssh', [...args, '--', settings.host], {reject: false, stdin: 'ignore', timeout: 10_000})
  if (result.code === 'ENOENT') return undefined
  if (result.failed) {
    const said = result.stderr.split('\n').filter(Boolean).slice(0, 2).join('; ')
    throw new HelixError('config', `ssh does not accept its configuration for ${settings.host}: ${said || messageOf(result)}`, {code: 'SSH_CONFIG_INVALID'})
  }
  return pickValues(parseOutput(result.stdout), {
    hostname: settings.host,
    port: 22,
    username: '',
    identityFiles: [],
    identitiesOnly: false,
    userKnownHostsFiles: [],
    globalKnownHostsFiles: [],
  })
}

// OpenSSH finds the user's files by the user database, whatever HOME says, by which all else goes: in some containers, and under sudo, the two differ.
function configOfHome(): string | undefined {
  const home = homedir()
  if (home === homeOfUser() || /["\n]/u.test(home)) return undefined
  const known = ['known_hosts', 'known_hosts2'].map((name) => `"${home}/.ssh/${name}"`)
  return [`Include "${home}/.ssh/config"`, 'Match all', 'Include "/etc/ssh/ssh_config"', 'Match all', `UserKnownHostsFile ${known.join(' ')}`, ''].join('\n')
}

function homeOfUser(): string | undefined {
  try {
    return userInfo().homedir
  } catch {
    // The system has no entry for the user, and ssh will say so.
    return undefined
  }
}

function parseOutput(output: string): SshConfigOptions {
  const options: SshConfigOptions = new Map()
  for (const line of output.split(/\r?\n/u)) {
    const space = line.indexOf(' ')
    if (space < 0) continue
    const keyword = line.slice(0, space)
    const value = line.slice(space + 1)
    options.set(keyword, [...(options.get(keyword) ?? []), ...(LISTS.has(keyword) ? value.split(' ') : [value])])
  }
  return options
}
