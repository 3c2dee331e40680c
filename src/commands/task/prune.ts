import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {durationFlag} from '../../cli/task-flags.js'
import {type PrunedTasks, pruneTasks} from '../../core/requests/prune-tasks.js'

const DEFAULT_AGE_SECONDS = 14 * 86_400

export default class TaskPrune extends HelixCommand<PrunedTasks> {
  static override summary = 'forget tasks that ended long ago, and remove what their workers keep of them'
  static override flags = {
    'older-than': durationFlag({default: DEFAULT_AGE_SECONDS, defaultHelp: async () => '14d', description: 'ended at least so long ago'}),
    'dry-run': Flags.boolean({description: 'only say how many that would be'}),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> --older-than 2d']

  async run(): Promise<PrunedTasks> {
    const {flags} = await this.parse(TaskPrune)
    const pruned = await pruneTasks(await (await this.services()).requests(), flags['older-than'], flags['dry-run'])
    this.log(flags['dry-run'] ? `${pruned.tasks} tasks would be removed.` : `Removed ${pruned.tasks} tasks.`)
    for (const {worker, reason} of pruned.left_behind) this.warn(`${worker} still keeps the folders of its tasks: ${reason}`)
    return pruned
  }
}
