import type {Writable} from 'node:stream'
import {setTimeout as delay} from 'node:timers/promises'
import {HelixError} from '../errors/helix-error.js'
import type {WorkerRow} from '../workers/worker.js'
import {listWorkers} from '../workers/worker-store.js'
import {readOutput, writeAll} from './follow-output.js'
import {outputReader} from './foreground-output.js'
import {LastLines} from './last-lines.js'
import type {RequestContext} from './request-context.js'

const POLL_MS = 200

export interface LogOptions {
  taskId: string
  stream: 'stdout' | 'stderr'
  /** Go on until the task has ended. */
  follow: boolean
  /** Only so many lines from the end of what is there. */
  tail?: number | undefined
  /** The newest when absent. */
  attempt?: number | undefined
}

export interface PrintedLogs {
  task_id: string
  attempt: number
  stream: 'stdout' | 'stderr'
  text: string
}

interface AttemptOutput {
  attempt: number
  status: string
  worker_id: string | null
  bytes: number
  tail: Buffer | null
}

/** Copies what an attempt has printed to `to`, or into the result where that is absent. Throws `usage` for an attempt that does not exist. */
export async function printLogs(context: RequestContext, options: LogOptions, to: Writable | undefined): Promise<PrintedLogs> {
  const kept: Buffer[] = []
  const lines = new LastLines(options.tail, async (chunk) => {
    if (to) await writeAll(to, chunk)
    else kept.push(chunk)
  })
  const workers = await listWorkers(context.store, context.hostId)
  let offset = 0
  for (;;) {
    const output = await readAttempt(context, options)
    const ended = output !== undefined && output.status !== 'running'
    if (output) {
      const worker = workers.find((one) => one.id === output.worker_id)
      for await (const chunk of readChunks(context, options, output, worker, offset)) {
        offset += chunk.length
        await lines.add(chunk)
      }
      await lines.caughtUp()
    }
    if (output && (ended || !options.follow))
      return {task_id: options.taskId, attempt: output.attempt, stream: options.stream, text: Buffer.concat(kept).toString()}
    if (!options.follow || (!output && options.attempt !== undefined)) {
      throw new HelixError('usage', `task ${options.taskId} has no attempt${options.attempt === undefined ? ' yet' : ` ${options.attempt}`}`, {
        code: 'ATTEMPT_NOT_FOUND',
      })
    }
    await delay(POLL_MS)
  }
}

async function* readChunks(
  context: RequestContext,
  {taskId, stream, follow}: LogOptions,
  output: AttemptOutput,
  worker: WorkerRow | undefined,
  offset: number,
): AsyncGenerator<Buffer> {
  const ended = output.status !== 'running'
  const total = ended ? Number(output.bytes) : Number.POSITIVE_INFINITY
  const tail = output.tail ?? Buffer.alloc(0)
  const read = worker && outputReader(context, worker, {id: taskId, attempt: output.attempt})
  try {
    yield* readOutput(stream, {total, tail, offset}, read ?? workerGone)
  } catch (error) {
    if (ended || !isPassing(error, follow)) throw error
  }
}

// An attempt that has just been sent has no files yet; whoever follows one also waits while its worker is away.
function isPassing(error: unknown, follow: boolean): boolean {
  return HelixError.is(error) && (error.code === 'FILE_MISSING' || (follow && error.kind === 'unavailable'))
}

async function workerGone(): Promise<Buffer> {
  throw new HelixError('unavailable', 'the worker that has the rest of the output is no longer in the pool', {code: 'WORKER_GONE'})
}

async function readAttempt({store}: RequestContext, {taskId, stream, attempt}: LogOptions): Promise<AttemptOutput | undefined> {
  const rows = await store.query<AttemptOutput>(
    `SELECT attempt, status, worker_id, ${stream}_bytes AS bytes, ${stream}_tail AS tail FROM task_attempts WHERE task_id = ? ${attempt === undefined ? '' : 'AND attempt = ?'} ORDER BY attempt DESC LIMIT 1`,
    attempt === undefined ? [taskId] : [taskId, attempt],
  )
  return rows[0]
}
