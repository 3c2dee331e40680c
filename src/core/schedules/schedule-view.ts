import type {TaskStatus} from '../tasks/task.js'
import {argumentText} from '../workers/shell-quote.js'
import type {Overlap, ScheduleRow} from './schedule-store.js'

/** A schedule as `--json` and the API show it. Times are ISO 8601 in UTC. */
export interface ScheduleView {
  schema_version: 1
  name: string
  project: string
  cron: string
  timezone: string
  overlap: Overlap
  enabled: boolean
  command: string[]
  /** Null while it is paused, and when no time is left. */
  next_at: string | null
  last_at: string | null
  last_task_id: string | null
  last_status: TaskStatus | null
  /** Only one machine queues its tasks: where its files and variables are. */
  bound: boolean
  created_at: string
}

/** What users see of a schedule; never its variables. */
export function viewSchedule(schedule: ScheduleRow): ScheduleView {
  const {name, project, cron, timezone, enabled, task, last_at, last_task_id, last_status, created_at} = schedule
  return {
    schema_version: 1,
    name,
    project,
    cron,
    timezone,
    overlap: task.overlap,
    enabled,
    command: task.input.command.map(argumentText),
    next_at: enabled ? schedule.next_at : null,
    last_at,
    last_task_id,
    last_status,
    bound: schedule.host_id !== '',
    created_at,
  }
}
