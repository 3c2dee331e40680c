import {randomUUID} from 'node:crypto'
import type {Knex} from 'knex'
import {query} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {HelixError} from '../errors/helix-error.js'
import type {Logger} from '../logger.js'
import type {Spool} from '../tasks/spool.js'
import {createRequest, submitTasks} from '../tasks/submit-tasks.js'
import {isTerminal, type TaskStatus} from '../tasks/task.js'
import {nextRun} from './cron.js'
import {listDueSchedules, type ScheduleRow} from './schedule-store.js'

export interface FireContext {
  store: Store
  spool: Spool
  hostId: string
  logger: Logger
}

/**
 * Queues a task for each schedule whose time has come, one however many times have passed since anybody looked. Any number of
 * coordinators may call it: each time is one coordinator's alone. Resolves to how many tasks were queued; rejects, after it has seen to
 * all others, when that failed for one.
 */
export async function fireDueSchedules(context: FireContext): Promise<number> {
  let fired = 0
  const failures: unknown[] = []
  for (const schedule of await listDueSchedules(context.store, context.hostId)) {
    try {
      if (await fireDue(context, schedule)) fired += 1
    } catch (error) {
      failures.push(error)
    }
  }
  if (failures.length > 0) throw failures[0]
  return fired
}

async function fireDue(context: FireContext, schedule: ScheduleRow): Promise<boolean> {
  const next = nextRun(schedule.cron, schedule.timezone, new Date(schedule.now))
  const outcome = await queueTask(context, schedule, String(schedule.next_at), (trx) => takeTime(trx, context.store, schedule, next))
  if (outcome.state === 'overlaps') context.logger.info(`schedule ${schedule.name}: left out, task ${outcome.taskId} has not ended`)
  return outcome.state === 'queued'
}

/** Queues a schedule's task now, whenever its time is. Resolves to the task's id. Throws `busy` while its last one has not ended and two must not overlap. */
export async function fireNow(context: FireContext, schedule: ScheduleRow): Promise<string> {
  if (schedule.host_id !== '' && schedule.host_id !== context.hostId) {
    throw new HelixError('usage', `the schedule ${schedule.name} is bound to the machine that it was added on, where its files are`, {
      code: 'SCHEDULE_ELSEWHERE',
    })
  }
  const outcome = await queueTask(context, schedule, randomUUID(), (trx) => lockSchedule(trx, context.store, schedule))
  if (outcome.state === 'queued') return outcome.taskId
  if (outcome.state === 'overlaps') {
    throw new HelixError('busy', `its last task ${outcome.taskId} has not ended`, {code: 'SCHEDULE_OVERLAPS', hint: 'Wait for it with: helix task wait'})
  }
  throw new HelixError('unavailable', `nothing was queued for the schedule ${schedule.name}`, {
    code: 'SCHEDULE_NOT_FIRED',
    hint: 'See why with: helix schedule show',
  })
}

type Outcome = {state: 'queued' | 'overlaps'; taskId: string} | {state: 'taken' | 'broken'}

/** Queues the task of a schedule if `claim`, in the same transaction, gets it. There is one task for each `occasion`. */
async function queueTask(context: FireContext, schedule: ScheduleRow, occasion: string, claim: (trx: Knex.Transaction) => Promise<boolean>): Promise<Outcome> {
  const {store, spool, hostId} = context
  const request = {id: randomUUID(), command: `schedule ${schedule.name}`, hostId, project: schedule.project}
  const taskId = randomUUID()
  const {overlap, spooled, ...task} = schedule.task
  if (spooled && !(await copySpooled(context, schedule, request.id))) return {state: 'broken'}
  const outcome = await store.write<Outcome>(async (trx) => {
    if (!(await claim(trx))) return {state: 'taken'}
    const open = overlap === 'skip' ? await findOpenTask(trx, schedule.id) : undefined
    if (open !== undefined) return {state: 'overlaps', taskId: open}
    await createRequest(store, request, trx)
    await submitTasks(store, request, [{...task, id: taskId, idempotencyKey: `schedule/${schedule.id}/${occasion}`}], trx)
    await query(trx, `UPDATE schedules SET last_at = ${store.sql.now}, last_task_id = ? WHERE id = ?`, [taskId, schedule.id])
    return {state: 'queued', taskId}
  })
  if (outcome.state === 'queued') return outcome
  // PostgreSQL may have stored the task and been cut off before it said so; the repetition then found this very call's task.
  if ((await store.query('SELECT id FROM tasks WHERE id = ?', [taskId])).length > 0) return {state: 'queued', taskId}
  if (spooled) await spool.remove(request.id)
  return outcome
}

/** Moves a schedule on to its next time, unless somebody else has done so by now. */
async function takeTime(trx: Knex.Transaction, store: Store, {id, next_at}: ScheduleRow, next: Date | undefined): Promise<boolean> {
  const rows = await query(trx, `UPDATE schedules SET next_at = ?, updated_at = ${store.sql.now} WHERE id = ? AND next_at = ? AND enabled = ? RETURNING id`, [
    next?.toISOString() ?? null,
    id,
    next_at,
    true,
  ])
  return rows.length > 0
}

// Also keeps a coordinator from queueing a task of the same schedule at this moment.
async function lockSchedule(trx: Knex.Transaction, store: Store, {id}: ScheduleRow): Promise<boolean> {
  return (await query(trx, `UPDATE schedules SET updated_at = ${store.sql.now} WHERE id = ? RETURNING id`, [id])).length > 0
}

async function findOpenTask(trx: Knex.Transaction, scheduleId: string): Promise<string | undefined> {
  const [last] = await query<{id: string; status: TaskStatus}>(
    trx,
    'SELECT t.id, t.status FROM schedules s JOIN tasks t ON t.id = s.last_task_id WHERE s.id = ?',
    [scheduleId],
  )
  return last && !isTerminal(last.status) ? last.id : undefined
}

/** Gives a request the variables of the schedule. A schedule that has lost them is paused: its command would run without them. */
async function copySpooled({store, spool, logger}: FireContext, schedule: ScheduleRow, requestId: string): Promise<boolean> {
  const spooled = await spool.read(schedule.id)
  if (Object.keys(spooled.environment).length > 0 || spooled.callerEnvironment) {
    await spool.write(requestId, spooled)
    return true
  }
  await store.query('UPDATE schedules SET enabled = ? WHERE id = ?', [false, schedule.id])
  logger.warn(`schedule ${schedule.name} is paused: its variables are no longer in the data folder; remove it and add it again`)
  return false
}
