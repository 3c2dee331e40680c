import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {type ProviderTest as ProviderTestView, testProvider} from '../../core/providers/test-provider.js'

export default class ProviderTest extends HelixCommand<ProviderTestView> {
  static override summary = 'check that a provider answers and accepts the key'
  static override description = 'Asks for the list of models, which costs nothing. With --model it also asks that model for one word.'
  static override args = {provider: Args.string({required: true, ignoreStdin: true, description: 'id of the provider'})}
  static override flags = {model: Flags.string({char: 'm', description: 'a model of the provider, without the provider in front'})}

  async run(): Promise<ProviderTestView> {
    const {args, flags} = await this.parse(ProviderTest)
    const registry = await (await this.services()).providers()
    const test = await testProvider(registry, args.provider, flags.model, stopOnSignal())
    const able = Object.entries(test.capabilities).flatMap(([name, has]) => (has ? [name] : []))
    this.log(`${test.provider} answered after ${test.answered_ms} ms. It takes: ${able.join(', ') || 'text only'}`)
    if (test.model !== null) this.log(`${test.model} began after ${test.first_token_ms ?? '-'} ms and was done after ${test.total_ms} ms`)
    return test
  }
}
