import {HelixError} from '../../errors/helix-error.js'
import {linesAfter, newMark, runScript, scriptCommand, splitOnce} from '../run-script.js'
import type {Transport} from '../transport.js'
import {CHECK} from './install-scripts.js'

/** A kind of machine that programs are built for. */
export interface Platform {
  /** As Node names them: `linux`, `darwin`; `x64`, `arm64`. */
  system: string
  arch: string
  libc: 'glibc' | 'musl' | undefined
}

/** What is on a worker before an installation. */
export interface WorkerState {
  platform: Platform
  /** Helix's folder there, absolute. */
  root: string
  /** The version in use and what it says of itself; `runs` is empty when it does not start. */
  current: {name: string; runs: string; node: string} | undefined
  /** The Node on the user's PATH. */
  node: {path: string; version: string} | undefined
  /** Names of the runtimes that Helix has brought. */
  runtimes: string[]
  hasGzip: boolean
  /** The program that tells whether files arrived as they were sent; sizes are compared where there is none. */
  sums: Sums
}

export type Sums = 'sha256sum' | 'shasum' | 'openssl' | 'cksum' | 'sizes'

const ARCHITECTURES: Record<string, string> = {x86_64: 'x64', amd64: 'x64', aarch64: 'arm64', i686: 'ia32', i386: 'ia32'}

/** Looks at a worker in one round trip. Throws `unavailable` when it has no working POSIX shell. */
export async function readWorkerState(transport: Transport): Promise<WorkerState> {
  const mark = newMark()
  const {stdout} = await runScript(transport, scriptCommand(CHECK, mark), '')
  const said = linesAfter(stdout, mark).map((line) => splitOnce(line))
  const find = (key: string) => said.find(([found]) => found === key)?.[1]
  const root = find('root')
  if (root === undefined || find('checked') === undefined) {
    throw new HelixError('unavailable', 'the worker did not tell what is installed there', {code: 'WORKER_SHELL', hint: 'Helix needs `sh` on the worker.'})
  }
  const machine = find('machine') ?? ''
  const [name = '', runs = ''] = splitOnce(find('current') ?? '')
  const [version = '', path = ''] = splitOnce(find('node') ?? '')
  return {
    platform: {
      system: (find('system') ?? '').toLowerCase(),
      arch: ARCHITECTURES[machine] ?? machine,
      libc: find('libc') as Platform['libc'],
    },
    root,
    current: name === '' ? undefined : {name, runs, node: find('on') ?? ''},
    node: path === '' ? undefined : {path, version: version.replace(/^v/, '')},
    runtimes: said.flatMap(([key, value]) => (key === 'runtime' ? [value] : [])),
    hasGzip: find('gzip') !== undefined,
    sums: (find('sums') ?? 'sizes') as Sums,
  }
}

/** Whether Helix runs on this version of Node. */
export function isFitting(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 22 || (major === 22 && minor >= 18)
}

/** Puts the newer of two versions first. */
export function compareVersions(one: string, other: string): number {
  return other.localeCompare(one, 'en', {numeric: true})
}
