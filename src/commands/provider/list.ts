import {HelixCommand} from '../../cli/base-command.js'
import {formatTable} from '../../cli/table.js'
import {type ProviderView, viewProvider} from '../../core/providers/provider-view.js'

export default class ProviderList extends HelixCommand<{providers: ProviderView[]}> {
  static override summary = 'list the providers of language models'
  static override description = 'KEY tells where the API key comes from, never the key.'

  async run(): Promise<{providers: ProviderView[]}> {
    await this.parse(ProviderList)
    const registry = await (await this.services()).providers()
    const providers = await Promise.all(registry.list().map((entry) => viewProvider(registry, entry)))
    const rows = providers.map(({id, label, base_url, key, key_required, problem}) => [
      id,
      label,
      key ?? (key_required ? 'missing' : 'none needed'),
      problem ?? base_url ?? 'this process',
    ])
    for (const {id, type} of registry.unserved()) this.warn(`the config has settings for the provider ${id}, and there is none called ${type}`)
    this.log(formatTable(['ID', 'NAME', 'KEY', 'ADDRESS'], rows))
    return {providers}
  }
}
