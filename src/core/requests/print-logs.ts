import type {Writable} from 'node:stream'
import {setTimeout as delay} from 'node:timers/promises'
import {HelixError} from '../errors/helix-error.js'
import {isTerminal, type TaskStatus} from '../tasks/task.js'
import {ATTEMPTS} from '../tasks/task-queries.js'
import type {WorkerRow} from '../workers/worker.js'
import {listWorkers} from '../workers/worker-store.js'
import {readOutput, writeAll} from './follow-output.js'
import {outputReader} from './foreground-output.js'
import {LastLines} from './last-lines.js'
import {readPatiently} from './read-patiently.js'
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
  let attempt = options.attempt
  let offset = 0
  for (;;) {
    const output = await readAttempt(context, options, attempt)
    if (output) {
      // From here on it is this one, whichever comes after it while it is being copied.
      attempt = output.attempt
      const worker = workers.find((one) => one.id === output.worker_id)
      for await (const chunk of readChunks(context, options, output, worker, offset)) {
        offset += chunk.length
        await lines.add(chunk)
      }
      await lines.caughtUp()
    }
    const next = await whatNext(context, options, output)
    if (next === 'done' && output) return {task_id: options.taskId, attempt: output.attempt, stream: options.stream, text: Buffer.concat(kept).toString()}
    if (next === 'done') {
      throw new HelixError('usage', `task ${options.taskId} has no attempt${options.attempt === undefined ? ' yet' : ` ${options.attempt}`}`, {
        code: 'ATTEMPT_NOT_FOUND',
      })
    }
    if (next === 'another') {
      attempt = (attempt ?? 0) + 1
      offset = 0
    } else await delay(POLL_MS)
  }
}

/** Whether there is more to come of what is being copied, or of another attempt behind it. */
async function whatNext(
  context: RequestContext,
  {taskId, follow, attempt}: LogOptions,
  output: AttemptOutput | undefined,
): Promise<'done' | 'more' | 'another'> {
  if (!follow) return 'done'
  if (!output) return attempt !== undefined || (await isOver(context, taskId, 0)) ? 'done' : 'more'
  if (output.status === 'running') return 'more'
  if (attempt !== undefined || (await isOver(context, taskId, output.attempt))) return 'done'
  return (await hasAttempt(context, taskId, output.attempt + 1)) ? 'another' : 'more'
}

/** Whether a task has ended with this attempt. */
async function isOver({store}: RequestContext, taskId: string, attempt: number): Promise<boolean> {
  const [task] = await store.query<{status: TaskStatus; attempt: number}>('SELECT status, attempt FROM tasks WHERE id = ?', [taskId])
  return task === undefined || (isTerminal(task.status) && task.attempt <= attempt)
}

async function hasAttempt({store}: RequestContext, taskId: string, attempt: number): Promise<boolean> {
  return (await store.query(`SELECT attempt FROM ${ATTEMPTS} WHERE task_id = ? AND attempt = ?`, [taskId, attempt])).length > 0
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
  const fromWorker = worker && outputReader(context, worker, {id: taskId, attempt: output.attempt})
  // Once a log is being copied, or followed, a lost connection is no reason to leave out the rest of it.
  const read = fromWorker && ended && (follow || offset > 0) ? readPatiently(fromWorker) : fromWorker
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

async function readAttempt({store}: RequestContext, {taskId, stream}: LogOptions, attempt: number | undefined): Promise<AttemptOutput | undefined> {
  const rows = await store.query<AttemptOutput>(
    `SELECT attempt, status, worker_id, ${stream}_bytes AS bytes, ${stream}_tail AS tail FROM ${ATTEMPTS} WHERE task_id = ? ${attempt === undefined ? '' : 'AND attempt = ?'} ORDER BY attempt DESC LIMIT 1`,
    attempt === undefined ? [taskId] : [taskId, attempt],
  )
  return rows[0]
}
