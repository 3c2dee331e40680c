import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {credentialName} from '../../core/providers/provider-settings.js'

export default class ProviderLogout extends HelixCommand<{provider: string; removed: boolean}> {
  static override summary = "remove a provider's stored API key"
  static override args = {provider: Args.string({required: true, ignoreStdin: true, description: 'id of the provider'})}

  async run(): Promise<{provider: string; removed: boolean}> {
    const {args} = await this.parse(ProviderLogout)
    const services = await this.services()
    const registry = await services.providers()
    const entry = registry.find(args.provider)
    const removed = await services.credentials.remove(credentialName(entry.id))
    const other = await registry.key(entry)
    this.log(removed ? `Removed the key of ${entry.id}.` : `No key of ${entry.id} was stored.`)
    if (other) services.logger.warn(`${entry.id} still has a key: ${other.origin}`)
    return {provider: entry.id, removed}
  }
}
