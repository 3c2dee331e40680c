import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {formatTable} from '../../cli/table.js'
import {splitWorker} from '../../core/providers/model-name.js'
import {settingsSchema} from '../../core/providers/provider-settings.js'
import {type ProviderView, viewProvider} from '../../core/providers/provider-view.js'
import {redactValue} from '../../core/security/redact.js'

interface ShownProvider extends ProviderView {
  /** The settings in force, defaults included. */
  settings: Record<string, unknown>
}

export default class ProviderShow extends HelixCommand<ShownProvider> {
  static override summary = 'show a provider and its settings'
  static override args = {provider: Args.string({required: true, ignoreStdin: true, description: 'id of the provider'})}

  async run(): Promise<ShownProvider> {
    const {args} = await this.parse(ProviderShow)
    const registry = await (await this.services()).providers()
    const entry = registry.find(args.provider)
    const settings = redactValue(registry.settings(entry)) as Record<string, unknown>
    const view = await viewProvider(registry, entry)
    this.log(`${view.id}: ${view.label}`)
    this.log(`API key: ${view.key ?? (view.key_required ? 'missing' : 'none needed')}\n`)
    const rows = Object.entries(settingsSchema(entry.plugin).properties ?? {}).map(([name, {description = ''}]) => [
      `providers.${splitWorker(view.id).provider}.${name}`,
      settings[name] === undefined ? '-' : JSON.stringify(settings[name]),
      description,
    ])
    this.log(formatTable(['SETTING', 'VALUE', 'MEANING'], rows))
    return {...view, settings}
  }
}
