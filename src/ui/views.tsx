import {openView, type ViewEnd} from './open-view.js'
import {TaskList, type TaskListProps} from './tasks/task-list.js'
import {WorkerList, type WorkerListProps} from './workers/worker-list.js'

/** Shows the tasks until all that were named have ended, or somebody leaves. */
export function showTasks(props: TaskListProps, stop: AbortSignal): Promise<ViewEnd> {
  return openView(<TaskList {...props} />, stop)
}

/** Shows the workers until somebody leaves. */
export function showWorkers(props: WorkerListProps, stop: AbortSignal): Promise<ViewEnd> {
  return openView(<WorkerList {...props} />, stop)
}
