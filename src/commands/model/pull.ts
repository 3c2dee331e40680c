import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {PullLines} from '../../cli/pull-lines.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {pullModel} from '../../core/models/pull-model.js'

interface PulledModel {
  model: string
  bytes: number | null
  digest: string | null
}

export default class ModelPull extends HelixCommand<PulledModel> {
  static override summary = 'bring a model to where its provider runs'
  static override description = 'That is this machine, or a worker: provider@worker/model. A pull that was cut off or interrupted goes on where it was.'
  static override args = {
    model: Args.string({required: true, ignoreStdin: true, description: 'provider/model, for example ollama/qwen3 or ollama@gpu-1/qwen3'}),
  }
  static override examples = ['<%= config.bin %> <%= command.id %> ollama/qwen3', '<%= config.bin %> <%= command.id %> ollama@gpu-1/qwen3']

  async run(): Promise<PulledModel> {
    const {args} = await this.parse(ModelPull)
    const fleet = await (await this.services()).fleet()
    const lines = new PullLines()
    const {sizeBytes, digest} = await pullModel(fleet, args.model, {
      signal: stopOnSignal(),
      source: 'pulled',
      onProgress: (progress) => lines.show(args.model, progress),
    }).finally(() => lines.end(args.model))
    this.log(`${args.model} is there.`)
    return {model: args.model, bytes: sizeBytes ?? null, digest: digest ?? null}
  }
}
