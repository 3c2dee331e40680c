import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {showPullProgress} from '../../cli/pull-progress.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {pullModel} from '../../core/providers/pull-model.js'

export default class ModelPull extends HelixCommand<{model: string; bytes: number | null}> {
  static override summary = 'bring a model to where its provider runs'
  static override args = {model: Args.string({required: true, ignoreStdin: true, description: 'provider/model, for example ollama/qwen3'})}

  async run(): Promise<{model: string; bytes: number | null}> {
    const {args} = await this.parse(ModelPull)
    const registry = await (await this.services()).providers()
    const progress = showPullProgress(args.model)
    const bytes = await pullModel(registry, args.model, {signal: stopOnSignal(), onProgress: progress.show}).finally(progress.end)
    this.log(`${args.model} is there.`)
    return {model: args.model, bytes}
  }
}
