import {readFile} from 'node:fs/promises'
import {availableParallelism, cpus} from 'node:os'
import {dirname, join} from 'node:path'

/** Milliseconds; the kernel counts in ticks of 10, so anything shorter says little. */
const SHORTEST_WINDOW_MS = 200

/**
 * Tells how many cores nobody else uses. llama.cpp's threads wait for each other after every step: one that has to share its core
 * holds up all of them.
 */
export class IdleCores {
  #since = measure()
  #cores = 1

  /** Cores that were idle, or used by this process, since the last call; at least 1, and no more than it may use. */
  read(): number {
    const now = measure()
    const elapsed = now.time - this.#since.time
    if (elapsed < SHORTEST_WINDOW_MS) return this.#cores
    const idle = (now.idle - this.#since.idle + now.own - this.#since.own) / elapsed
    // Where the system does not tell, only its size is known.
    this.#cores = now.idle > 0 ? Math.max(1, Math.min(availableParallelism(), Math.floor(idle))) : availableParallelism()
    this.#since = now
    return this.#cores
  }
}

// Milliseconds, of all cores together.
function measure(): {time: number; idle: number; own: number} {
  const {user, system} = process.cpuUsage()
  const idle = cpus().reduce((sum, {times}) => sum + times.idle, 0)
  return {time: performance.now(), idle, own: (user + system) / 1000}
}

/** Bytes that the control groups of this process (containers, systemd units) still let it use; infinite where there is no limit. */
export async function freeGroupMemory(root = '/'): Promise<number> {
  const groups = (await readText(join(root, 'proc/self/cgroup'))).split('\n').map((line) => line.split(':'))
  const v1 = groups.find(([, controllers]) => controllers?.split(',').includes('memory'))
  const v2 = groups.find(([number]) => number === '0')
  const left = await Promise.all([
    ...foldersOf(v1?.[2]).map((folder) => freeIn(join(root, 'sys/fs/cgroup/memory', folder), 'memory.limit_in_bytes', 'memory.usage_in_bytes', 'total_')),
    ...foldersOf(v2?.[2]).map((folder) => freeIn(join(root, 'sys/fs/cgroup', folder), 'memory.max', 'memory.current', '')),
  ])
  return Math.min(Number.POSITIVE_INFINITY, ...left)
}

// A limit of any group above counts too. A container may see its own group as the root, under another name than the kernel gives it.
function foldersOf(path: string | undefined): string[] {
  if (path === undefined) return []
  const folders = [path]
  while (path !== '/' && folders.at(-1) !== '/') folders.push(dirname(folders.at(-1) as string))
  return folders
}

async function freeIn(folder: string, limitFile: string, usageFile: string, prefix: string): Promise<number> {
  const [limit, usage, statistics] = await Promise.all([limitFile, usageFile, 'memory.stat'].map((file) => readText(join(folder, file))))
  const most = Number.parseInt(limit ?? '', 10)
  if (Number.isNaN(most)) return Number.POSITIVE_INFINITY
  // Cached files count as used, and make room when it is needed.
  const cached = ['active_file', 'inactive_file'].map((name) => Number(new RegExp(`^${prefix}${name} (\\d+)$`, 'm').exec(statistics ?? '')?.[1] ?? 0))
  return Math.max(0, most - (Number(usage) - cached.reduce((sum, bytes) => sum + bytes, 0)))
}

function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '')
}
