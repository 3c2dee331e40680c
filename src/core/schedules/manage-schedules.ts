import {randomUUID} from 'node:crypto'
import {HelixError} from '../errors/helix-error.js'
import {placeRequest, spoolSecrets} from '../requests/prepare-request.js'
import type {RequestContext} from '../requests/request-context.js'
import {ensureScheduler} from '../requests/submit-request.js'
import {buildShellTask, type TaskOptions} from '../tasks/build-tasks.js'
import {checkName} from '../tasks/check-name.js'
import {projectNamed} from '../tasks/submit-tasks.js'
import {getTasks, type TaskWithAttempt} from '../tasks/task-queries.js'
import {checkCron, nextRun} from './cron.js'
import {fireNow} from './fire-schedules.js'
import {findSchedule, type Overlap, type ScheduledTask, type ScheduleRow} from './schedule-store.js'

export interface AddScheduleOptions {
  name: string
  cron: string
  /** IANA name; this machine's zone when absent. */
  timezone?: string | undefined
  overlap: Overlap
  command: readonly string[]
  task: TaskOptions
  environment: Record<string, string>
  /** The caller's environment, which a task on this machine gets. */
  caller: NodeJS.ProcessEnv
  callerFolder: string
}

/** Stores a command that is to be queued again and again. Throws `usage` for a name that is taken, and for an expression that names no time to come. */
export async function addSchedule(context: RequestContext, options: AddScheduleOptions): Promise<ScheduleRow> {
  const {store, spool, hostId} = context
  const {name, cron, overlap, environment} = options
  const timezone = options.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone
  checkName('schedule', name)
  checkCron(cron, timezone)
  const next = nextRun(cron, timezone, await readClock(context))
  if (!next) throw new HelixError('usage', `${JSON.stringify(cron)} names no time to come`, {code: 'CRON_NEVER'})
  const complete = await placeRequest(context, {asked: [options.task.requirements], spooled: Object.keys(environment).length > 0, detached: true})
  const requirements = complete(options.task.requirements)
  const cwd = options.task.cwd ?? (requirements.local ? options.callerFolder : undefined)
  const {type, input, priority, policy} = buildShellTask(options.command, {...options.task, requirements, cwd})
  const spooled = requirements.local === true || Object.keys(environment).length > 0
  const task: ScheduledTask = {name, type, input, priority, requirements, policy, overlap, spooled}
  const id = randomUUID()
  await spoolSecrets(context, id, {environment, caller: requirements.local ? options.caller : undefined})
  const added = await store.write(async (trx) => {
    const projectId = await projectNamed(trx, context.project)
    return trx('schedules')
      .insert({
        id,
        project_id: projectId,
        name,
        cron,
        timezone,
        task: JSON.stringify(task),
        host_id: requirements.host_id === undefined ? '' : hostId,
        next_at: next.toISOString(),
      })
      .onConflict('name')
      .ignore()
      .returning('id')
  })
  const schedule = await findSchedule(store, name)
  if (added.length > 0 || schedule.id === id) return schedule
  await spool.remove(id)
  throw new HelixError('usage', `there is a schedule named ${name} already`, {code: 'SCHEDULE_EXISTS', hint: `Remove it with: helix schedule remove ${name}`})
}

/** Lets a schedule rest. What it has queued goes on. */
export async function pauseSchedule({store}: RequestContext, name: string): Promise<ScheduleRow> {
  const {id} = await findSchedule(store, name)
  await store.query(`UPDATE schedules SET enabled = ?, updated_at = ${store.sql.now} WHERE id = ?`, [false, id])
  return findSchedule(store, name)
}

/** Sets a schedule going again, from its next time on: what it missed while it rested is not made up for. */
export async function resumeSchedule(context: RequestContext, name: string): Promise<ScheduleRow> {
  const {store} = context
  const {id, cron, timezone, enabled} = await findSchedule(store, name)
  if (!enabled) {
    const next = nextRun(cron, timezone, await readClock(context))
    await store.query(`UPDATE schedules SET enabled = ?, next_at = ?, updated_at = ${store.sql.now} WHERE id = ?`, [true, next?.toISOString() ?? null, id])
  }
  return findSchedule(store, name)
}

/** Forgets a schedule and its variables. What it has queued goes on. */
export async function removeSchedule({store, spool}: RequestContext, name: string): Promise<ScheduleRow> {
  const schedule = await findSchedule(store, name)
  await store.query('DELETE FROM schedules WHERE id = ?', [schedule.id])
  await spool.remove(schedule.id)
  return schedule
}

/** Queues a schedule's task now and sees to it that a scheduler takes it. Throws as `fireNow` does. */
export async function runSchedule(context: RequestContext, name: string): Promise<TaskWithAttempt> {
  const id = await fireNow(context, await findSchedule(context.store, name))
  await ensureScheduler(context)
  const [task] = await getTasks(context.store, [id])
  return task as TaskWithAttempt
}

async function readClock({store}: RequestContext): Promise<Date> {
  const [row] = await store.query<{now: string}>(`SELECT ${store.sql.now} AS now`)
  return new Date(row?.now ?? Date.now())
}
