import {once} from 'node:events'
import type {Writable} from 'node:stream'
import {setTimeout as delay} from 'node:timers/promises'
import type {AttemptEnd} from '../tasks/complete-attempts.js'
import {readPatiently} from './read-patiently.js'
import type {TaskOutput} from './request-context.js'

const FIRST_POLL_MS = 30
const LONGEST_POLL_MS = 300
const CHUNK_BYTES = 256 * 1024

type StreamName = keyof TaskOutput
/** Reads a part of what an attempt has printed so far, from the worker. */
export type ReadOutput = (stream: StreamName, offset: number, length: number) => Promise<Buffer>

/** Runs work when its turn has come. */
export type Gate = <T>(work: () => Promise<T>) => Promise<T>

/** A gate that lets so many in at once. */
export function openGate(permits: number): Gate {
  let free = permits
  const waiting: (() => void)[] = []
  return async (work) => {
    if (free > 0) free -= 1
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await work()
    } finally {
      const next = waiting.shift()
      if (next) next()
      else free += 1
    }
  }
}

/** Copies what an attempt prints while it runs, by offset, so that nothing is missing or there twice after a cut. */
export class OutputFollower {
  readonly #read: ReadOutput
  readonly #output: TaskOutput
  readonly #gate: Gate
  readonly #copied: Record<StreamName, number> = {stdout: 0, stderr: 0}
  readonly #loop: Promise<void>
  #ended = false

  /** The gate bounds how many followers of a slow reader hold a piece of output in memory. */
  constructor(read: ReadOutput, output: TaskOutput, gate: Gate = (work) => work()) {
    this.#read = read
    this.#output = output
    this.#gate = gate
    this.#loop = this.#follow()
  }

  /** Copies the rest, once the attempt has ended. */
  async finish(end: AttemptEnd): Promise<void> {
    this.#ended = true
    await this.#loop
    const read = readPatiently(this.#read)
    await this.#gate(async () => {
      await copyRest('stdout', end, this.#output.stdout, read, this.#copied.stdout)
      await copyRest('stderr', end, this.#output.stderr, read, this.#copied.stderr)
    })
  }

  async #follow(): Promise<void> {
    let pause = FIRST_POLL_MS
    while (!this.#ended) {
      await delay(pause)
      if (this.#ended) return
      const moved = await this.#gate(async () => (await this.#copy('stdout')) + (await this.#copy('stderr')))
      pause = moved > 0 ? FIRST_POLL_MS : Math.min(LONGEST_POLL_MS, pause * 1.5)
    }
  }

  async #copy(stream: StreamName): Promise<number> {
    try {
      const chunk = await this.#read(stream, this.#copied[stream], CHUNK_BYTES)
      this.#copied[stream] += chunk.length
      await writeAll(this.#output[stream], chunk)
      return chunk.length
    } catch {
      // The file is not there yet, or the worker is away: what is missing comes with the end.
      return 0
    }
  }
}

/** Copies what an ended attempt printed from `offset` on. */
async function copyRest(stream: StreamName, end: AttemptEnd, to: Writable, read: ReadOutput, offset: number): Promise<void> {
  const total = end[`${stream}Bytes`] ?? 0
  const tail = end[`${stream}Tail`] ?? Buffer.alloc(0)
  for await (const chunk of readOutput(stream, {total, tail, offset}, read)) await writeAll(to, chunk)
}

/** Copies all that an ended attempt printed. */
export async function copyOutput(end: AttemptEnd, to: TaskOutput, read: ReadOutput): Promise<void> {
  await copyRest('stdout', end, to.stdout, read, 0)
  await copyRest('stderr', end, to.stderr, read, 0)
}

/** What is known of an output: how long it is (Infinity while it grows), its last bytes, and where to begin. */
export interface OutputPart {
  total: number
  tail: Buffer
  offset: number
}

/** Yields an output from an offset on: from the worker as far as the tail does not hold it, then out of the tail. */
export async function* readOutput(stream: StreamName, {total, tail, offset}: OutputPart, read: ReadOutput): AsyncGenerator<Buffer> {
  let at = offset
  while (at < total - tail.length) {
    const chunk = await read(stream, at, Math.min(CHUNK_BYTES, total - tail.length - at))
    if (chunk.length === 0) return
    at += chunk.length
    yield chunk
  }
  if (at < total) yield tail.subarray(tail.length - (total - at))
}

/** Writes and waits while the reader is slow. A reader that has left is not an error here: the task's result still counts. */
export async function writeAll(to: Writable, chunk: Buffer): Promise<void> {
  if (chunk.length === 0 || to.destroyed || !to.writable) return
  if (!to.write(chunk)) await Promise.race([once(to, 'drain'), once(to, 'close')])
}
