import type {TaskView} from '../../core/tasks/task-view.js'
import {formatTime} from '../format.js'
import type {Cell, Column} from '../parts/row.js'

const WIDE = 110

/** The columns of a list of tasks on a screen so wide. */
export function taskColumns(width: number): Column[] {
  return [
    {heading: 'ID', width: 8},
    {heading: 'STATUS', width: 9},
    {heading: 'WORKER', width: width < WIDE ? 12 : 24},
    {heading: 'TIME', width: 6, align: 'right'},
    {heading: 'END', width: 8},
    {heading: 'TASK'},
  ]
}

/** A task in these columns, at a time of the store's clock in milliseconds. */
export function taskCells(task: TaskView, now: number): Cell[] {
  const time = task.duration_ms ?? (task.status === 'running' && task.started_at ? now - Date.parse(task.started_at) : undefined)
  const name = task.name ?? task.command.join(' ')
  return [
    {text: task.id.slice(0, 8)},
    {text: task.status, tone: task.status},
    {text: task.worker ?? '-'},
    {text: time === undefined ? '-' : formatTime(time)},
    {text: endOf(task), ...(task.status === 'failed' && {tone: 'failed'})},
    {text: task.error ? `${name}: ${task.error}` : name},
  ]
}

function endOf({status, failure_kind, exit_code, signal}: TaskView): string {
  if (signal) return signal
  if (failure_kind && failure_kind !== 'exit') return failure_kind
  if (exit_code !== null) return `exit ${exit_code}`
  return status === 'failed' ? (failure_kind ?? '') : ''
}
