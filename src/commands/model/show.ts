import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {describeBytes} from '../../cli/describe-model.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {formatTable} from '../../cli/table.js'
import {showModel} from '../../core/models/look-up-models.js'
import type {PlacedModelView} from '../../core/models/model-view.js'

export default class ModelShow extends HelixCommand<{models: PlacedModelView[]}> {
  static override summary = 'show where a model is, and what is known of it'
  static override args = {model: Args.string({required: true, ignoreStdin: true, description: 'provider/model, or provider@worker/model'})}
  static override examples = ['<%= config.bin %> <%= command.id %> ollama/qwen3']

  async run(): Promise<{models: PlacedModelView[]}> {
    const {args} = await this.parse(ModelShow)
    const models = await showModel(await (await this.services()).fleet(), args.model, stopOnSignal())
    const rows = models.map(({model, worker, worker_status, size_bytes, digest, source, seen_at}) => [
      model,
      worker === null ? '-' : `${worker} (${worker_status})`,
      describeBytes(size_bytes),
      digest?.replace(/^sha256:/, '').slice(0, 12) ?? '-',
      source,
      String(seen_at),
    ])
    this.log(formatTable(['MODEL', 'WORKER', 'SIZE', 'DIGEST', 'SOURCE', 'SEEN'], rows))
    return {models}
  }
}
