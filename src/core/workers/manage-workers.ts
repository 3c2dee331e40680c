import {resolve} from 'node:path'
import {writeLog} from '../data/write-log.js'
import {HelixError} from '../errors/helix-error.js'
import {isSecretReference} from '../security/secret-reference.js'
import type {AskSecret} from '../ssh/authenticate.js'
import {expandHome} from '../ssh/expand-tokens.js'
import {readKeyFile} from '../ssh/key-file.js'
import {openConnection} from '../ssh/open-connection.js'
import {resolveForOpenssh} from '../ssh/open-openssh.js'
import {parseTarget} from '../ssh/parse-target.js'
import {resolveHost} from '../ssh/resolve-host.js'
import type {SshSettings} from '../ssh/ssh-settings.js'
import {type ConnectOptions, equipWorker, register} from './connect-worker.js'
import type {WorkerRow} from './worker.js'
import {type ReportStep, type WorkerStep, WorkerSteps} from './worker-steps.js'
import {deleteWorker, findWorker, insertWorker, markReachable, requireNewWorker, updateWorker, type WorkerLookup} from './worker-store.js'

/** What managing workers needs. */
export interface WorkerContext extends WorkerLookup {
  /** Helix's own known_hosts file. */
  knownHostsFile: string
  /** Says where a worker of the config is set: the file or the variable. */
  configOrigin: (name: string) => string
  /** Asks the user for a password or passphrase; absent where nobody can be asked. */
  askSecret?: AskSecret | undefined
}

export interface AddWorkerOptions {
  name: string
  /** `user@host[:port]` */
  target: string
  keyPath?: string | undefined
  password?: string | undefined
  passphrase?: string | undefined
  knownHosts?: string | undefined
  slots: number
  capabilities: string[]
  labels: Record<string, string>
  /** The fingerprint that the host key must have. */
  hostKey?: string | undefined
  /** Take the key of a host that is not known yet. */
  acceptNew: boolean
  /** Who speaks SSH; Helix itself where absent. */
  transport?: SshSettings['transport']
}

/**
 * Connects to a machine, verifies its host key and logs in, and only then stores it as a worker, with its key pinned. Between the
 * two it is looked at and, unless that is off, Helix is installed there; a failure of these is reported and hinders nothing.
 */
export async function addWorker(context: WorkerContext, options: AddWorkerOptions, connect: ConnectOptions, report: ReportStep): Promise<WorkerStep[]> {
  const {store, knownHostsFile, askSecret} = context
  const settings = readSettings(options)
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/.test(options.name) || options.name === 'local') {
    throw new HelixError('usage', `${options.name} cannot be the name of a worker`, {
      code: 'WORKER_NAME_INVALID',
      hint: 'Use letters, digits, dots, dashes and underscores; `local` is this machine.',
    })
  }
  const {hostname, port, username} = await resolveHost(settings, {proxyCommand: settings.transport === 'openssh'})
  const {name, capabilities, labels, slots} = options
  const steps = new WorkerSteps(report)
  const policy = {ownFile: knownHostsFile, acceptNew: options.acceptNew, ...(options.hostKey !== undefined && {expected: options.hostKey})}
  const transport = await steps.run('connect', async () => {
    const opened = await openConnection(settings, policy, askSecret ? {askSecret} : {})
    // Before anything is installed; the insertion decides.
    await requireNewWorker(store, {name, hostname, port, username}).catch(async (error) => {
      await opened.close()
      throw error
    })
    return [opened, `${username}@${hostname}:${port}, host key ${opened.hostKey.fingerprint}`]
  })
  try {
    const equipped = await equipWorker(transport, steps, connect)
    const {fingerprint} = transport.hostKey
    await steps.run('register', async () => {
      await insertWorker(store, {name, hostname, port, username, origin: 'command', settings: {...settings, hostKey: fingerprint}, capabilities, labels, slots})
      await register(store, await findWorker(context, name), equipped)
      return [undefined, `${name} with ${slots} ${slots === 1 ? 'slot' : 'slots'}`]
    })
    await writeLog(store, {level: 'info', event: 'worker.added', message: `${name}: ${username}@${hostname}:${port}, host key ${fingerprint}`})
    return steps.all
  } finally {
    await transport.close()
  }
}

export interface SetWorkerOptions {
  slots?: number | undefined
  capabilities?: string[] | undefined
  labels?: Record<string, string> | undefined
  keyPath?: string | undefined
  transport?: SshSettings['transport'] | undefined
}

/**
 * Changes a worker's slots, capabilities, labels, key or transport; a connection that is open stays as it is. Throws `usage` when there
 * is nothing to change, `config` for one of the config file and for a key file that is none, and what keeps the new transport from
 * reaching it: `config` for its login, `unavailable`.
 */
export async function setWorker(context: WorkerContext, name: string, {keyPath, transport, ...changes}: SetWorkerOptions): Promise<void> {
  const worker = await changeableWorker(context, name)
  const present = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
  if ((keyPath ?? transport) === undefined && Object.keys(present).length === 0)
    throw new HelixError('usage', `there is nothing to change of ${name}`, {
      code: 'NOTHING_TO_CHANGE',
      hint: 'See what can be changed with: helix worker set --help',
    })
  const {transport: former, ...others} = worker.ssh_config
  const wanted = transport ?? former
  const settings: SshSettings = {...others, ...(keyPath !== undefined && {keyPath: toAbsolute(keyPath)}), ...(wanted === 'openssh' && {transport: wanted})}
  if (keyPath !== undefined && wanted !== 'openssh') await readKeyFile(expandHome(toAbsolute(keyPath)), true)
  if (wanted === 'openssh' && (keyPath ?? transport) !== undefined) await resolveForOpenssh(settings)
  else if (transport !== undefined) await resolveHost(settings)
  await updateWorker(context.store, worker.id, {...present, ...((keyPath ?? transport) !== undefined && {settings})})
}

/** Takes a worker out of the pool. Throws `config` for one of the config file and `usage` while a task runs on it. */
export async function removeWorker(context: WorkerContext, name: string): Promise<void> {
  await deleteWorker(context.store, await changeableWorker(context, name))
  await writeLog(context.store, {level: 'info', event: 'worker.removed', message: name})
}

/**
 * Accepts a worker's new host key, which must have the given fingerprint; without one only says whether the key is the
 * accepted one. Throws `denied` with both fingerprints when it is another.
 */
export async function trustWorkerKey(context: WorkerContext, name: string, hostKey: string | undefined): Promise<string> {
  const {store, knownHostsFile, askSecret} = context
  const worker = await findWorker(context, name)
  if (worker.origin === 'local') throw isThisMachine()
  const {hostKey: pinned, ...settings} = worker.ssh_config
  const policy = {ownFile: knownHostsFile, ...(hostKey !== undefined ? {expected: hostKey} : pinned !== undefined && {pinned})}
  const transport = await openConnection(settings, policy, askSecret ? {askSecret} : {})
  try {
    const {fingerprint} = transport.hostKey
    await updateWorker(store, worker.id, {settings: {...settings, hostKey: fingerprint}})
    await markReachable(store, worker.id)
    if (fingerprint !== pinned)
      await writeLog(store, {
        level: 'warn',
        event: 'worker.key_trusted',
        message: `${name}: host key ${fingerprint}, before ${pinned ?? 'none'}`,
        workerId: worker.id,
      })
    return fingerprint
  } finally {
    await transport.close()
  }
}

async function changeableWorker(context: WorkerContext, name: string): Promise<WorkerRow> {
  const worker = await findWorker(context, name)
  if (worker.origin === 'local') throw isThisMachine()
  if (worker.origin === 'config')
    throw new HelixError('config', `${name} is set by ${context.configOrigin(name)}`, {code: 'WORKER_FROM_CONFIG', hint: `Change workers.pool.${name} there.`})
  return worker
}

function isThisMachine(): HelixError {
  return new HelixError('usage', '`local` is this machine; it is always there and has no settings', {code: 'WORKER_IS_LOCAL'})
}

function readSettings({target, keyPath, password, passphrase, knownHosts, transport}: AddWorkerOptions): SshSettings {
  for (const [flag, value] of Object.entries({password, passphrase})) {
    if (value !== undefined && !isSecretReference(value)) {
      throw new HelixError('usage', `--${flag} takes env:NAME or keyring:NAME, not the secret itself`, {
        code: 'SECRET_LITERAL',
        hint: 'Anybody on this machine can read what stands on a command line.',
      })
    }
  }
  return {
    ...parseTarget(target),
    ...(transport === 'openssh' && {transport}),
    ...(keyPath !== undefined && {keyPath: toAbsolute(keyPath)}),
    ...(password !== undefined && {password}),
    ...(passphrase !== undefined && {passphrase}),
    ...(knownHosts !== undefined && {knownHosts: toAbsolute(knownHosts)}),
  }
}

// The worker is used from other folders, too; a path below the home folder is kept as it was written.
function toAbsolute(path: string): string {
  return expandHome(path) === path ? resolve(path) : path
}
