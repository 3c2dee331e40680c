import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {type ProviderTest as ProviderTestView, testProvider} from '../../core/providers/test-provider.js'

export default class ProviderTest extends HelixCommand<ProviderTestView> {
  static override summary = 'ask a provider for a few words'
  static override description =
    'Checks that it answers and accepts the key, and measures how soon and how fast: a real call of at most 256 tokens. Without --model it asks the cheapest model that the provider lists, or the smallest.'
  static override args = {provider: Args.string({required: true, ignoreStdin: true, description: 'id of the provider'})}
  static override flags = {model: Flags.string({char: 'm', description: 'a model of the provider, without the provider in front'})}
  static override examples = ['<%= config.bin %> <%= command.id %> openai', '<%= config.bin %> <%= command.id %> ollama -m qwen3']

  async run(): Promise<ProviderTestView> {
    const {args, flags} = await this.parse(ProviderTest)
    const registry = await (await this.services()).providers()
    const test = await testProvider(registry, args.provider, flags.model, stopOnSignal())
    const able = Object.entries(test.capabilities).flatMap(([name, has]) => (has ? [name] : []))
    if (test.model === null) this.log(`${test.provider} answered, and has no model that could be asked.`)
    else {
      const speed = test.tokens_per_second === null ? '' : `, ${test.tokens_per_second} tokens/s`
      this.log(`${test.provider}/${test.model} answered: the first token after ${test.first_token_ms ?? '-'} ms, all after ${test.total_ms} ms${speed}`)
    }
    this.log(`${test.provider} takes: ${able.join(', ') || 'text only'}`)
    return test
  }
}
