import {showLine} from '../core/show-text.js'
import {TASK_STATUSES} from '../core/tasks/task.js'
import type {TaskChange} from '../core/watch/task-changes.js'
import type {TaskCounts} from '../core/watch/watch-tasks.js'
import {changedWorkers, type WatchedWorker, type WorkerSnapshot} from '../core/watch/watch-workers.js'
import {shortCommand} from './describe-task.js'

/** How the lines of a watch are printed: as text, or as events in JSON. */
export type PrintLine = (event: Record<string, unknown> & {type: string}, text: string) => void

/** Events go to standard output; text too, unless a result in JSON or YAML comes there at the end. */
export function linePrinter({streams, hasResult}: {streams: boolean; hasResult: boolean}): PrintLine {
  const stream = hasResult ? process.stderr : process.stdout
  return (event, text) => {
    if (streams) process.stdout.write(`${JSON.stringify(event)}\n`)
    else stream.write(`${text}\n`)
  }
}

/** Tells of each task that has come into another state, and of the end. */
export function tellTasks(print: PrintLine): (found: TaskChange) => boolean {
  return ({changed, counts, done}) => {
    for (const task of changed) {
      const how = task.signal ?? (task.exit_code ? `exit ${task.exit_code}` : task.failure_kind)
      const columns = [task.id.slice(0, 8), task.status.padEnd(9), task.worker ?? '-', task.name ? showLine(task.name) : shortCommand(task.command)]
      print({type: 'task', task}, `${columns.map(showLine).join('  ')}${how ? ` (${how})` : ''}`)
    }
    if (done) print({type: 'end', counts}, summariseCounts(counts))
    return done
  }
}

/** How many tasks are in each state, without those that none is in. */
export function summariseCounts(counts: TaskCounts): string {
  const parts = TASK_STATUSES.flatMap((status) => (counts[status] > 0 ? `${counts[status]} ${status}` : []))
  return parts.join(', ') || 'no tasks'
}

/** Tells of each worker, and then of those that have come, have gone or are in another state. */
export function tellWorkers(print: PrintLine): (found: WorkerSnapshot) => boolean {
  let before: WatchedWorker[] = []
  return ({workers}) => {
    const {changed, removed} = changedWorkers(before, workers)
    before = workers
    for (const worker of changed)
      print(
        {type: 'worker', worker},
        [worker.name, worker.status, `${worker.running}/${worker.slots}`, worker.status_reason ?? ''].map(showLine).join('  ').trimEnd(),
      )
    for (const {name} of removed) print({type: 'worker_removed', worker: {name}}, `${showLine(name)}  removed`)
    return false
  }
}
