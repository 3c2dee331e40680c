import {Args, Flags} from '@oclif/core'
import {HelixCommand, STREAM_FORMATS} from '../../cli/base-command.js'
import {exitCodeOf, exitCodeOfCounts} from '../../cli/task-exit-code.js'
import {summariseCounts, tellTasks} from '../../cli/watch-lines.js'
import {watch} from '../../cli/watching.js'
import {TASK_STATUSES} from '../../core/tasks/task.js'
import {listTasks} from '../../core/tasks/task-queries.js'
import {selectWatched} from '../../core/watch/select-watched.js'
import {TaskChanges} from '../../core/watch/task-changes.js'
import {countTasks, type TaskCounts, TaskWatch} from '../../core/watch/watch-tasks.js'

export default class TaskWatchCommand extends HelixCommand<{counts: TaskCounts}> {
  static override summary = 'watch tasks live'
  static override description =
    'Shows the tasks that run and those that ended last, with totals, until q is pressed; the tasks go on. With ids or --request it ends when all of these have ended, with the exit code of task wait. Where there is no terminal, in CI and with TERM=dumb it prints a line whenever a task comes into another state; with --json these go to standard error.'
  static override strict = false
  static override args = {id: Args.string({ignoreStdin: true, description: 'ids, or the beginnings of them (default: all tasks)'})}
  static override usage = 'task watch [ID...]'
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> 3f2a 77b1',
    '<%= config.bin %> <%= command.id %> --worker w1 --status failed --output stream-json',
  ]
  static override flags = {
    request: Flags.string({helpValue: 'ID', description: 'the tasks of one request: of one `task map` or `task apply`'}),
    worker: Flags.string({char: 'w', description: 'only tasks of this worker'}),
    status: Flags.option({options: TASK_STATUSES, description: 'only tasks in this state'})(),
    output: Flags.option({options: STREAM_FORMATS, description: 'how it is printed; stream-json: one event a line', helpGroup: 'GLOBAL'})(),
  }

  async run(): Promise<{counts: TaskCounts}> {
    const {argv, flags} = await this.parse(TaskWatchCommand)
    const context = await (await this.services()).workers()
    const {store, hostId} = context
    const {selection, title} = await selectWatched(context, {ids: argv as string[], ...flags})
    const {hasEnded, isView} = await watch({
      streams: this.streams,
      hasResult: this.jsonEnabled(),
      show: ({showTasks}, stop) => {
        const tasks = new TaskWatch(store, hostId, selection)
        return showTasks({look: (page) => tasks.look(page), title, isOneStatus: flags.status !== undefined}, stop)
      },
      lines: (print) => {
        const changes = new TaskChanges(store, selection)
        return {look: () => changes.look(), tell: tellTasks(print)}
      },
    })
    const counts = await countTasks(store, selection)
    if (!hasEnded) return {counts}
    if (isView) this.log(summariseCounts(counts))
    const [task, other] = await listTasks(store, {ids: selection.ids, requestId: selection.requestId, limit: 2})
    process.exitCode = task && !other ? exitCodeOf(task) : exitCodeOfCounts(counts)
    return {counts}
  }
}
