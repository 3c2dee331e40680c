import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {describeBytes} from '../../cli/describe-model.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {formatTable} from '../../cli/table.js'
import {type ModelView, viewModel} from '../../core/providers/provider-view.js'

export default class ProviderModels extends HelixCommand<{models: ModelView[]}> {
  static override summary = 'list the models of a provider'
  static override args = {provider: Args.string({required: true, ignoreStdin: true, description: 'id of the provider'})}

  async run(): Promise<{models: ModelView[]}> {
    const {args} = await this.parse(ProviderModels)
    const registry = await (await this.services()).providers()
    const models = (await registry.use(args.provider, (provider) => provider.listModels({signal: stopOnSignal()}))).map(viewModel)
    const rows = models.map(({id, context_tokens, size_bytes, modified_at}) => [
      `${args.provider}/${id}`,
      context_tokens === null ? '-' : String(context_tokens),
      describeBytes(size_bytes),
      modified_at ?? '-',
    ])
    this.log(formatTable(['MODEL', 'CONTEXT', 'SIZE', 'MODIFIED'], rows))
    return {models}
  }
}
