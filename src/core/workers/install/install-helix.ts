import {randomBytes} from 'node:crypto'
import {join} from 'node:path'
import {HelixError} from '../../errors/helix-error.js'
import type {Transport} from '../transport.js'
import {type HelixContents, packHelix, readHelix} from './helix-parcel.js'
import {ABANDON, BEGIN, FINISH_RUNTIME, FINISH_VERSION} from './install-scripts.js'
import {getRuntime} from './node-runtime.js'
import type {Parcel} from './parcel.js'
import {runStep, sendParcel} from './send-parcel.js'
import {withStaging} from './staging.js'
import {compareVersions, isFitting, readWorkerState, type WorkerState} from './worker-state.js'

/** Bytes that must be left when an installation is done. */
const LEAST_SPACE = 1024 * 1024

/** What an installation takes from this machine. */
export interface InstallSource {
  /** Folder of the installed package. */
  packageRoot: string
  cacheDir: string
}

export interface InstallOptions {
  /** Install again what is there, with the newest Node of the registry. */
  force?: boolean
  /** Hears what is being done; bytes while something is sent. */
  onProgress?: (status: string, doneBytes?: number, totalBytes?: number) => void
}

/** The Helix of a worker. */
export interface Installation {
  /** Its version and a hash of its content. */
  version: string
  /** The Node that it runs on there. */
  node: string
  /** Whether it was installed just now. */
  isNew: boolean
  /** Bytes that were sent. */
  sentBytes: number
}

/** What was found on a worker. */
export interface InstallationCheck {
  state: WorkerState
  wanted: HelixContents
  /** The version that is there and runs; `isCurrent` when it is the one of this machine. */
  found: {version: string; node: string; isCurrent: boolean} | undefined
}

/** Looks for Helix on a worker, in one round trip. */
export async function checkInstallation(transport: Transport, {packageRoot}: InstallSource): Promise<InstallationCheck> {
  const state = await readWorkerState(transport)
  const wanted = await readHelix(packageRoot, state.platform)
  const {current} = state
  if (!current?.runs.startsWith('helix-cli/')) return {state, wanted, found: undefined}
  const version = current.name.slice(0, current.name.lastIndexOf('.'))
  return {state, wanted, found: {version, node: current.node, isCurrent: version === wanted.name}}
}

/**
 * Copies Helix to a worker and makes it the one in use there; with a Node when the worker has no fitting one. What was in use
 * stays so until the new one has run there. Throws `unavailable` with the reason, after it has removed what it had copied.
 */
export async function installHelix(transport: Transport, source: InstallSource, check: InstallationCheck, options: InstallOptions = {}): Promise<Installation> {
  const {state, wanted, found} = check
  const {force = false, onProgress} = options
  if (found?.isCurrent && !force) return {version: found.version, node: found.node, isNew: false, sentBytes: 0}
  const cacheDir = join(source.cacheDir, 'workers')
  const present = state.node && isFitting(state.node.version) ? state.node.path : force ? undefined : newestRuntime(state)
  const runtime = present === undefined ? await getRuntime(state.platform, cacheDir, {isFresh: force, onStatus: (status) => onProgress?.(status)}) : undefined
  const id = randomBytes(6).toString('hex')
  const version = `versions/${wanted.name}.${id}`
  const runtimeName = runtime && `node/${runtime.version}.${id}`
  const node = present ?? `${state.root}/${runtimeName}/bin/node`
  const folders = [version, ...(runtimeName === undefined ? [] : [runtimeName])]
  let sentBytes = 0
  const send = (what: string, name: string, parcel: Parcel, staged: string) =>
    sendParcel(transport, state, name, parcel, staged, (done, total) => {
      onProgress?.(`sending ${what}`, done, total)
      if (done === total) sentBytes += total
    })
  try {
    return await withStaging(cacheDir, async (staged) => {
      const parcel = await packHelix(wanted, staged)
      const begun = await runStep(transport, BEGIN, [`${version} ${node}`, ...folders.slice(1), ''].join('\n'), 'begun')
      requireSpace(begun, state, [parcel, ...(runtime ? [runtime.parcel] : [])])
      if (runtime && runtimeName !== undefined) {
        await send(`Node ${runtime.version}`, runtimeName, runtime.parcel, staged)
        await runStep(transport, FINISH_RUNTIME, `${runtimeName} v${runtime.version}\n`, 'finished')
      }
      await send(`Helix ${wanted.name}`, version, parcel, staged)
      await runStep(transport, FINISH_VERSION, `${version} helix-cli/${wanted.version}\n`, 'finished')
      return {version: wanted.name, node, isNew: true, sentBytes}
    })
  } catch (error) {
    throw await abandon(transport, state, folders, error)
  }
}

function newestRuntime({root, runtimes}: WorkerState): string | undefined {
  const versions = runtimes.map((name) => ({name, version: name.slice(0, name.lastIndexOf('.'))})).filter(({version}) => isFitting(version))
  const [newest] = versions.sort((a, b) => compareVersions(a.version, b.version))
  return newest && `${root}/node/${newest.name}/bin/node`
}

// While it is unpacked, a parcel is there packed and unpacked, or unpacked and in its files unless it is one file.
function requireSpace(said: readonly string[], state: WorkerState, parcels: Parcel[]): void {
  const free = freeBytes(said)
  const needed = parcels.reduce((sum, {size, files}) => sum + size * (files.length > 1 ? 2 : 1.5), LEAST_SPACE)
  if (free !== undefined && free < needed) throw noSpace(state, free, needed)
}

async function abandon(transport: Transport, state: WorkerState, folders: readonly string[], error: unknown): Promise<unknown> {
  // With the connection the worker is gone too; the next installation clears away what is left.
  const said = await runStep(transport, ABANDON, `${folders.join('\n')}\n`, 'abandoned').catch(() => [])
  const free = freeBytes(said)
  const isFull = free !== undefined && free < LEAST_SPACE && HelixError.is(error) && error.code !== 'INSTALL_NO_SPACE'
  return isFull ? noSpace(state, free, undefined, error) : error
}

function freeBytes(said: readonly string[]): number | undefined {
  const line = said.find((one) => one.startsWith('free '))
  return line === undefined ? undefined : Number(line.slice(5)) * 1024
}

function noSpace({root}: WorkerState, free: number, needed: number | undefined, cause?: unknown): HelixError {
  const wants = needed === undefined ? '' : `, and ${Math.ceil(needed / 1e6)} MB are needed`
  return new HelixError('unavailable', `there is no space left in ${root} on the worker: ${Math.floor(free / 1e6)} MB are free${wants}`, {
    code: 'INSTALL_NO_SPACE',
    hint: 'Free some space there and try again.',
    cause,
  })
}
