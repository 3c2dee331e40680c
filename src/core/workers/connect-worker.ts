import type {Store} from '../data/store.js'
import {checkInstallation, type Installation, type InstallationCheck, type InstallOptions, type InstallSource, installHelix} from './install/install-helix.js'
import type {WorkerProbe} from './probe-report.js'
import {probeWorker} from './probe-worker.js'
import type {Transport} from './transport.js'
import type {WorkerRow} from './worker.js'
import type {WorkerSteps} from './worker-steps.js'
import {recordInstallation, storeProbe} from './worker-store.js'

/** What connecting a worker needs beside the store. */
export interface ConnectOptions {
  source: InstallSource
  /** `workers.auto_install` */
  autoInstall: boolean
  onProgress?: InstallOptions['onProgress']
}

/** What the steps between login and registration found. */
export interface EquippedWorker {
  /** The version of Helix that is there now, if any. */
  version: string | undefined
  probe: WorkerProbe | undefined
}

/**
 * The steps between login and registration: installation check, automatic installation, discovery. A worker that fails one of
 * them is of use all the same, since tasks need no more than its shell.
 */
export async function equipWorker(transport: Transport, steps: WorkerSteps, {source, autoInstall, onProgress}: ConnectOptions): Promise<EquippedWorker> {
  const check = await steps.attempt('check installation', () => look(transport, source))
  const version = await installIfWanted(transport, steps, check, {source, autoInstall, ...(onProgress && {onProgress})})
  const probe = await steps.attempt('discover', () => discover(transport))
  return {version, probe}
}

/** The second step: what is installed on a worker. */
export async function look(transport: Transport, source: InstallSource): Promise<[InstallationCheck, string]> {
  const check = await checkInstallation(transport, source)
  const {found, state, wanted} = check
  if (found?.isCurrent) return [check, `Helix ${found.version} on ${found.node}`]
  const there = found ? `Helix ${found.version}, here is ${wanted.name}` : 'no Helix'
  return [check, `${there}; ${state.node ? `Node ${state.node.version} at ${state.node.path}` : 'no Node on the PATH'}`]
}

/** The third step, for one worker whose installation was asked for. */
export async function install(transport: Transport, source: InstallSource, check: InstallationCheck, options: InstallOptions): Promise<[Installation, string]> {
  const installed = await installHelix(transport, source, check, options)
  const how = installed.isNew ? `${(installed.sentBytes / 1e6).toFixed(1)} MB sent` : 'already there'
  return [installed, `Helix ${installed.version} on ${installed.node}, ${how}`]
}

/** The fourth step: what the worker is and has. */
export async function discover(transport: Transport, env?: NodeJS.ProcessEnv): Promise<[WorkerProbe, string]> {
  const probe = await probeWorker(transport, env)
  return [probe, describeProbe(probe)]
}

/** The fifth step, for a worker that is stored already: its resources, its load and the Helix it has. */
export async function register(store: Store, worker: Pick<WorkerRow, 'id'>, {version, probe}: EquippedWorker): Promise<void> {
  await recordInstallation(store, worker.id, version)
  if (probe) await storeProbe(store, worker.id, probe)
}

async function installIfWanted(
  transport: Transport,
  steps: WorkerSteps,
  check: InstallationCheck | undefined,
  {source, autoInstall, onProgress}: ConnectOptions,
): Promise<string | undefined> {
  const there = check?.found?.version
  if (check?.found?.isCurrent) steps.skip('install', 'already there')
  else if (!autoInstall) steps.skip('install', 'automatic installation is off; tasks run by the shell')
  else if (!check) steps.skip('install', 'what is installed is not known')
  else {
    const installed = await steps.attempt('install', () => install(transport, source, check, onProgress ? {onProgress} : {}))
    return installed?.version ?? there
  }
  return there
}

function describeProbe({facts, resources, load}: WorkerProbe): string {
  const {cpus, memory_bytes, gpus} = resources
  const gibibytes = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`
  const count = (number: number, what: string) => `${number} ${what}${number === 1 ? '' : 's'}`
  const capabilities = (facts.capabilities ?? []).filter((capability) => capability !== facts.system && capability !== facts.arch)
  const parts = [
    [facts.system, facts.arch].filter((part) => part !== undefined).join(' '),
    cpus === undefined ? '' : count(cpus, 'CPU'),
    memory_bytes === undefined ? '' : `${gibibytes(memory_bytes)} memory`,
    gpus ? count(gpus, 'GPU') : '',
    load.cpu_percent === undefined ? '' : `CPU load ${Math.round(load.cpu_percent)} %`,
    load.memory_used_bytes === undefined ? '' : `${gibibytes(load.memory_used_bytes)} in use`,
    capabilities.join(' '),
  ]
  return parts.filter((part) => part !== '').join(', ')
}
