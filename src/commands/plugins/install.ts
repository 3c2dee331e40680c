import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {describePlugin} from '../../cli/describe-plugin.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {type InstalledPlugin, installPlugin} from '../../core/plugins/install-plugin.js'

export default class PluginsInstall extends HelixCommand<InstalledPlugin> {
  static override summary = 'install a plugin, such as a provider of language models'
  static override description =
    'Uses npm, and runs no install scripts. The version that is found now is kept until this is done again. A plugin that cannot be loaded is refused, and what was there before stays. A plugin runs with all your rights: install those that you trust.'
  static override args = {
    plugin: Args.string({
      required: true,
      ignoreStdin: true,
      description: 'package at the registry, with @VERSION if need be; a tarball; a git address; a folder is linked',
    }),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %> helix-provider-acme@1.2.0',
    '<%= config.bin %> <%= command.id %> ./helix-provider-acme-0.1.0.tgz',
    '<%= config.bin %> <%= command.id %> git+https://git.example/acme/helix-provider-acme.git#v1.2.0',
  ]

  async run(): Promise<InstalledPlugin> {
    const {args} = await this.parse(PluginsInstall)
    const services = await this.services()
    services.logger.info(`installing ${args.plugin}`)
    const installed = await installPlugin(args.plugin, process.cwd(), services.plugins(), {signal: stopOnSignal()})
    this.log(describePlugin(installed))
    return installed
  }
}
