import type {Row} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {HelixError} from '../errors/helix-error.js'
import type {NewTask} from '../tasks/submit-tasks.js'
import type {TaskStatus} from '../tasks/task.js'

/** What happens when the task before has not ended: another one is queued, or this time is left out. */
export type Overlap = 'allow' | 'skip'
export const OVERLAPS: readonly Overlap[] = ['skip', 'allow']

/** What a schedule queues each time, as the column `task` keeps it. */
export interface ScheduledTask extends Pick<NewTask, 'name' | 'type' | 'input' | 'priority' | 'requirements' | 'policy'> {
  overlap: Overlap
  /** It has variables in the spool of its machine, under the id of the schedule. */
  spooled: boolean
}

/** A row of `schedules`. */
export interface ScheduleRow {
  id: string
  /** Name of its project. */
  project: string
  name: string
  cron: string
  timezone: string
  task: ScheduledTask
  /** The machine that it is bound to; empty where any may queue its tasks. */
  host_id: string
  enabled: boolean
  next_at: string | null
  last_at: string | null
  last_task_id: string | null
  /** Of its last task; null when there is none, or none any more. */
  last_status: TaskStatus | null
  created_at: string
  /** The database's time when the row was read. */
  now: string
}

const SELECT = (store: Store) =>
  `SELECT schedules.*, p.name AS project, t.status AS last_status, ${store.sql.now} AS now
   FROM schedules JOIN projects p ON p.id = schedules.project_id LEFT JOIN tasks t ON t.id = schedules.last_task_id`

/** All schedules, by name. */
export async function listSchedules(store: Store): Promise<ScheduleRow[]> {
  const rows = await store.query(`${SELECT(store)} ORDER BY schedules.name`)
  return rows.map((row) => readRow(store, row))
}

/** Those whose time has come and that this machine may see to, the most overdue first. */
export async function listDueSchedules(store: Store, hostId: string): Promise<ScheduleRow[]> {
  const rows = await store.prepared(
    `${SELECT(store)} WHERE schedules.enabled AND schedules.next_at <= ${store.sql.now} AND schedules.host_id IN ('', ?) ORDER BY schedules.next_at`,
    [hostId],
  )
  return rows.map((row) => readRow(store, row))
}

/** Throws `usage` for a name that no schedule has. */
export async function findSchedule(store: Store, name: string): Promise<ScheduleRow> {
  const [row] = await store.query(`${SELECT(store)} WHERE schedules.name = ?`, [name])
  if (row) return readRow(store, row)
  throw new HelixError('usage', `there is no schedule named ${name}`, {code: 'SCHEDULE_NOT_FOUND', hint: 'List them with: helix schedule list'})
}

function readRow(store: Store, row: Row): ScheduleRow {
  return {...row, task: store.sql.json(row.task), enabled: Boolean(row.enabled)} as unknown as ScheduleRow
}
