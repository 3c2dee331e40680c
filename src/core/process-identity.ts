import {execFileSync} from 'node:child_process'
import {createHash} from 'node:crypto'
import {readFileSync} from 'node:fs'
import {hostname} from 'node:os'
import {errorCode} from './errors/helix-error.js'

/** A process that can be told from a later one with the same number. */
export interface ProcessIdentity {
  pid: number
  /** When it started: clock ticks after boot on Linux (proc(5), field 22 of stat), else what `ps` prints. */
  processStart: string
  bootId: string
}

let self: ProcessIdentity | undefined

/** This process. */
export function currentProcess(): ProcessIdentity {
  self ??= {pid: process.pid, processStart: processStart(process.pid) ?? 'unknown', bootId: bootId()}
  return self
}

/** Whether that very process is still there; only meaningful on the machine it ran on. */
export function isProcessAlive(identity: ProcessIdentity): boolean {
  const own = currentProcess()
  if (identity.bootId !== own.bootId) return false
  return identity.processStart === (identity.pid === own.pid ? own.processStart : processStart(identity.pid))
}

/** Whether any process has that number on this machine, for files that name whoever made them: a later one with the number only delays their removal. */
export function isPidAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return errorCode(error) === 'EPERM'
  }
}

/** Identifies this machine, or this container, among those that share a store. */
export function hostId(): string {
  return createHash('sha256')
    .update(`${readText('/etc/machine-id') ?? ''}\n${hostname()}`)
    .digest('hex')
    .slice(0, 32)
}

function bootId(): string {
  if (process.platform === 'linux') return readText('/proc/sys/kernel/random/boot_id') ?? 'unknown'
  return output('sysctl', ['-n', 'kern.boottime']) ?? 'unknown'
}

function processStart(pid: number): string | undefined {
  if (process.platform === 'linux') {
    const stat = readText(`/proc/${pid}/stat`)
    // The second field is the program's name in parentheses and may hold anything; the state Z is a process that has ended.
    const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ')
    return fields?.[0] === 'Z' ? undefined : fields?.[19]
  }
  return output('ps', ['-o', 'lstart=', '-p', String(pid)])
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim()
  } catch {
    return undefined
  }
}

function output(program: string, args: string[]): string | undefined {
  try {
    return execFileSync(program, args, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']}).trim() || undefined
  } catch {
    return undefined
  }
}
