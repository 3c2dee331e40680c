import {Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {describeBytes, describeWorkers} from '../../cli/describe-model.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {formatTable} from '../../cli/table.js'
import {messageOf} from '../../core/errors/helix-error.js'
import {lookUpModels} from '../../core/models/look-up-models.js'
import {groupByModel, type PlacedModelView} from '../../core/models/model-view.js'

export default class ModelList extends HelixCommand<{models: PlacedModelView[]}> {
  static override summary = 'list which worker has which model'
  static override description =
    'The model servers of this machine are asked; of the workers it is what was last seen there, unless --refresh has them asked too. What a hosted provider offers is listed by helix provider models.'
  static override flags = {
    worker: Flags.string({helpValue: 'NAME', description: 'only what this worker has'}),
    provider: Flags.string({helpValue: 'ID', description: 'only models of this provider'}),
    refresh: Flags.boolean({description: 'look at the workers now'}),
  }
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --worker gpu-1 --refresh']

  async run(): Promise<{models: PlacedModelView[]}> {
    const {flags} = await this.parse(ModelList)
    const fleet = await (await this.services()).fleet()
    const models = await lookUpModels(fleet, {
      worker: flags.worker,
      provider: flags.provider,
      refresh: flags.refresh,
      signal: stopOnSignal(),
      onFailure: (worker, error) => this.warn(`${worker} could not be asked: ${messageOf(error)}`),
      onAway: (workers) => this.warn(`away, and not asked: ${describeWorkers(workers)}`),
    })
    const rows = groupByModel(models).map(({model, workers, sizeBytes, sources}) => [
      model,
      describeWorkers(workers),
      describeBytes(sizeBytes),
      sources.join(','),
    ])
    if (rows.length > 0) this.log(formatTable(['MODEL', 'WORKERS', 'SIZE', 'SOURCE'], rows))
    else this.log(`No models are known.${flags.refresh ? '' : ' Look at the workers with --refresh.'}`)
    return {models}
  }
}
