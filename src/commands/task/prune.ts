import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {durationFlag} from '../../cli/task-flags.js'
import {pruneLogs} from '../../core/requests/prune-logs.js'
import {type LeftBehind, pruneTasks} from '../../core/requests/prune-tasks.js'
import {parseSize} from '../../core/tasks/parse-quantity.js'

const DAY_SECONDS = 86_400
const size = Flags.custom<number>({parse: async (text) => parseSize(text), helpValue: '10GB'})

export interface TaskPruneResult {
  /** Tasks that were, or would be, removed. */
  tasks: number
  /** Tasks whose logs were, or would be, removed from their workers to keep within --keep-bytes. */
  logs: number
  left_behind: LeftBehind[]
}

export default class TaskPrune extends HelixCommand<TaskPruneResult> {
  static override summary = 'forget tasks that ended long ago, and remove what their workers keep of them'
  static override description = 'Running tasks, and what tasks that are still to run need, are left alone.'
  static override flags = {
    'older-than': durationFlag({description: 'ended at least so long ago (default: workers.log_retention_days, 14d)'}),
    'keep-bytes': size({description: 'then remove the oldest logs of each worker until they take no more than this; the tasks stay known'}),
    'dry-run': Flags.boolean({description: 'only say how many that would be'}),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> --older-than 2d', '<%= config.bin %> <%= command.id %> --keep-bytes 10GB']

  async run(): Promise<TaskPruneResult> {
    const {flags} = await this.parse(TaskPrune)
    const services = await this.services()
    const context = await services.requests()
    const dryRun = flags['dry-run']
    const olderThan = flags['older-than'] ?? services.config.values.workers.log_retention_days * DAY_SECONDS
    const {tasks, left_behind} = await pruneTasks(context, olderThan, dryRun)
    const large = flags['keep-bytes'] === undefined ? {logs: 0, left_behind: []} : await pruneLogs(context, flags['keep-bytes'], dryRun)
    this.log(dryRun ? `${tasks} tasks would be removed.` : `Removed ${tasks} tasks.`)
    if (flags['keep-bytes'] !== undefined) this.log(dryRun ? `${large.logs} logs would be removed.` : `Removed ${large.logs} logs.`)
    const leftBehind = [...left_behind, ...large.left_behind]
    for (const {worker, reason} of leftBehind) this.warn(`${worker} still keeps the folders of its tasks: ${reason}`)
    return {tasks, logs: large.logs, left_behind: leftBehind}
  }
}
