import {access} from 'node:fs/promises'
import {HelixError} from '../errors/helix-error.js'
import {ANSWER_MS, type ConnectOptions, KEEPALIVE_MS} from './connect-options.js'
import {expandHome} from './expand-tokens.js'
import {type HostKey, orderAlgorithms} from './host-key.js'
import type {Link} from './link.js'
import {MuxStream} from './mux-socket.js'
import {opensshError, opensshLoss} from './openssh-error.js'
import {KEY_ALIAS, OpensshFolder, type OpensshFolderOptions} from './openssh-folder.js'
import {OpensshEnded, openMaster, startOpenssh} from './openssh-master.js'
import {parseTarget} from './parse-target.js'
import {openPlainClient} from './plain-client.js'
import {knownAs, type ResolvedHost, type ResolveOptions, resolveHost} from './resolve-host.js'
import type {SshSettings} from './ssh-settings.js'
import {type HostKeyCheck, type HostKeyPolicy, prepareHostKeyCheck} from './verify-host-key.js'

const MOST_HOPS = 8
const AS_OPENSSH = {reader: 'openssh', proxyCommand: true} as const

interface Attempt {
  host: ResolvedHost
  settings: SshSettings
  files: OpensshFolderOptions
  check: HostKeyCheck
  timeoutMs: number
}

/**
 * Connects through the system's ssh, which logs in as ssh_config says: certificates, hardware keys, agents, GSSAPI, ProxyJump,
 * ProxyCommand. It asks for nothing. The worker's host key is checked against the same policy as without it; ssh is only told
 * which keys it may take. Throws the errors of `openConnection`, and `unavailable` (SSH_MISSING) where there is no ssh.
 */
export async function openWithOpenssh(settings: SshSettings, policy: HostKeyPolicy, options: ConnectOptions): Promise<Link> {
  const {connectTimeoutMs = 15_000, keepaliveMs = KEEPALIVE_MS, answerMs = ANSWER_MS} = options
  const resolving: ResolveOptions = {...options, ...AS_OPENSSH}
  const host = await resolveForOpenssh(settings, resolving)
  const configFile = options.configFile ?? process.env.HELIX_SSH_CONFIG
  const own = settings.knownHosts === undefined ? [] : [expandHome(settings.knownHosts)]
  const check = await prepareHostKeyCheck(knownAs(host), [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles, ...own], policy)
  const files: OpensshFolderOptions = {
    configFile,
    hopFiles: [...(await filesOfHops(host.proxyJump, resolving)), ...own],
    ownFile: policy.ownFile,
    acceptNew: policy.acceptNew === true,
    // ssh gives up when it would probe for the second time.
    keepaliveSeconds: Math.ceil((keepaliveMs + answerMs) / 2000),
  }
  const attempt: Attempt = {host, settings, files, check, timeoutMs: connectTimeoutMs}
  try {
    return await connectVerified(attempt)
  } catch (error) {
    throw error instanceof OpensshEnded ? opensshError(error.message, host) : error
  }
}

/** Completes settings as the system's ssh will. Throws what would keep it from connecting: `config` for a login that it does not do, `unavailable` (SSH_MISSING). */
export async function resolveForOpenssh(settings: SshSettings, options: ResolveOptions = {}): Promise<ResolvedHost> {
  await checkLogin(settings)
  return resolveHost(settings, {...options, ...AS_OPENSSH})
}

async function connectVerified(attempt: Attempt): Promise<Link> {
  try {
    // A key that is not known is learned before ssh may log in, so that nothing is shown to a host that has not been verified.
    return await connect(attempt, attempt.check.required ?? (await learnKey(attempt)))
  } catch (error) {
    if (!(error instanceof OpensshEnded && refusesWorkersKey(error.message))) throw error
    // What it shows instead is told by the check, which refuses it.
    return connect(attempt, await learnKey(attempt))
  }
}

async function connect(attempt: Attempt, hostKey: HostKey): Promise<Link> {
  const {files, host, settings, timeoutMs} = attempt
  const folder = await OpensshFolder.make(files)
  await folder.allowKey(hostKey)
  const strict = ['-o', 'StrictHostKeyChecking=yes', '-o', `UserKnownHostsFile=${folder.keys}`]
  const ssh = await startOpenssh(folder.path, [...wordsOf(attempt, folder), ...strict, '-M', '-S', folder.socket, '--', settings.host])
  try {
    // The way to the host has a limit of its own; a key may want to be touched after that.
    const socket = await openMaster(ssh, folder.socket, 2 * timeoutMs)
    await folder.keepNewHops()
    const stream = new MuxStream(socket, async () => {
      // Without its socket a master is of no use to anybody.
      await ssh.end()
      return opensshLoss(await ssh.ended)
    })
    return {client: await openPlainClient(stream), socket: stream, host, hostKey, shared: sharedWords(folder, settings)}
  } catch (error) {
    await ssh.end()
    throw error
  }
}

/** Has ssh connect without logging in, and checks the key that the worker shows. Throws (kind `denied`) when it is not taken. */
async function learnKey(attempt: Attempt): Promise<HostKey> {
  const {check, files, settings, timeoutMs} = attempt
  for (let mismatch: unknown; ; ) {
    const algorithms = orderAlgorithms(check.knownTypes, check.mismatchedTypes)
    if (algorithms.length === 0) throw mismatch
    const mismatches = check.mismatchedTypes.length
    const folder = await OpensshFolder.make(files)
    const learning = ['-o', 'StrictHostKeyChecking=accept-new', '-o', `UserKnownHostsFile=${folder.shown}`, '-o', `HostKeyAlgorithms=${algorithms.join(',')}`]
    const words = [...wordsOf(attempt, folder), ...learning, '-o', 'PreferredAuthentications=none', '--', settings.host]
    const ssh = await startOpenssh(folder.path, words)
    try {
      const key = await folder.readShownKey(ssh, 2 * timeoutMs)
      await check.verify(key)
      return key
    } catch (error) {
      // The fingerprint that is required may be that of the host's key of another type.
      if (check.mismatchedTypes.length > mismatches) mismatch ??= error
      else if (mismatch !== undefined && error instanceof OpensshEnded && error.message.includes('no matching host key')) throw mismatch
      else throw error
    } finally {
      await ssh.end()
    }
  }
}

function wordsOf({host, settings, timeoutMs}: Attempt, folder: OpensshFolder): string[] {
  const {port, username, keyPath} = settings
  const seconds = Math.ceil(timeoutMs / 1000)
  return [
    ...['-F', folder.config, '-N', '-T', '-o', `ConnectTimeout=${seconds}`],
    // The worker's key stands under a name of its own, which no other file knows.
    ...['-o', `HostKeyAlias=${KEY_ALIAS}`, '-o', 'GlobalKnownHostsFile=/dev/null', '-o', 'CheckHostIP=no'],
    // Only where ssh has the option: an older one does not start with one that it does not know.
    ...(host.hasKnownHostsCommand ? ['-o', 'KnownHostsCommand=none'] : []),
    ...(port === undefined ? [] : ['-p', String(port)]),
    ...(username === undefined ? [] : ['-l', username]),
    ...(keyPath === undefined ? [] : ['-i', expandHome(keyPath), '-o', 'IdentitiesOnly=yes']),
  ]
}

// Without the master this ssh is not to connect by itself, which it would do without knowing whose key to take.
function sharedWords(folder: OpensshFolder, {host}: SshSettings): string[] {
  const never = ['-o', 'ControlMaster=no', '-o', 'ProxyCommand=false']
  return ['-F', folder.config, '-S', folder.socket, '-T', '-a', '-x', ...never, '--', host]
}

function refusesWorkersKey(said: string): boolean {
  return new RegExp(`^(?:Host key for ${KEY_ALIAS} has changed|No \\S+ host key is known for ${KEY_ALIAS})`, 'mu').test(said)
}

// ssh stops nobody from going round in a circle.
async function filesOfHops(hops: string[], options: ResolveOptions, depth = 0): Promise<string[]> {
  if (depth > MOST_HOPS) throw new HelixError('config', `ProxyJump to ${hops[0]} goes round in a circle`, {code: 'SSH_CONFIG_INVALID'})
  const hosts = await Promise.all(hops.map((hop) => resolveHost(parseTarget(hop), options)))
  // Hosts after the first are reached through the one before, whatever ssh_config says.
  const before = hosts[0] ? await filesOfHops(hosts[0].proxyJump, options, depth + 1) : []
  return [...before, ...hosts.flatMap((host) => [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles])]
}

async function checkLogin({keyPath, password, passphrase}: SshSettings): Promise<void> {
  if (password !== undefined || passphrase !== undefined) {
    throw new HelixError('config', 'the transport openssh takes no password or passphrase; it uses the agent and keys that need none', {
      code: 'SSH_LOGIN_UNSUPPORTED',
      hint: 'Load the key with ssh-add, or leave the transport to ssh2',
    })
  }
  if (keyPath === undefined) return
  await access(expandHome(keyPath)).catch((error: unknown) => {
    throw new HelixError('config', `there is no key file ${keyPath}`, {code: 'KEY_FILE_MISSING', hint: 'Check the path given with --key', cause: error})
  })
}
