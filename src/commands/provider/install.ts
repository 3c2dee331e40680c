import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {HelixError} from '../../core/errors/helix-error.js'
import {type InstalledPackage, installPackage} from '../../core/providers/install-package.js'

export default class ProviderInstall extends HelixCommand<InstalledPackage> {
  static override summary = 'install the package that a provider runs in'
  static override description =
    'For providers that are too heavy to come with Helix, such as llamacpp. Uses npm, runs no install scripts, and leaves out what this machine cannot use.'
  static override args = {provider: Args.string({required: true, ignoreStdin: true, description: 'id of the provider'})}
  static override examples = ['<%= config.bin %> <%= command.id %> llamacpp']

  async run(): Promise<InstalledPackage> {
    const {args} = await this.parse(ProviderInstall)
    const services = await this.services()
    const registry = await services.providers()
    const {id, plugin} = registry.find(args.provider)
    if (!plugin.install) throw new HelixError('usage', `${id} needs nothing installed`, {code: 'NOTHING_TO_INSTALL'})
    const {name, version} = plugin.install
    services.logger.info(`installing ${name} ${version} with npm`)
    const installed = await installPackage(plugin.install, registry.packageFolder(plugin), {signal: stopOnSignal()})
    this.log(`Installed ${name} ${installed.version} (${Math.round(installed.bytes / 1e6)} MB). Check it with: helix provider test ${id}`)
    return installed
  }
}
