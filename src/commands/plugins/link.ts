import {resolve} from 'node:path'
import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {describePlugin} from '../../cli/describe-plugin.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {type InstalledPlugin, linkPlugin} from '../../core/plugins/install-plugin.js'

export default class PluginsLink extends HelixCommand<InstalledPlugin> {
  static override summary = 'use the plugin that is in a folder, as it is being written'
  static override description =
    'The folder stays where it is and what changes in it counts at once. helix plugins uninstall takes the plugin away again, not the folder.'
  static override args = {folder: Args.string({default: '.', ignoreStdin: true, description: 'folder with the package.json of the plugin'})}
  static override examples = ['<%= config.bin %> <%= command.id %> ~/src/helix-provider-acme']

  async run(): Promise<InstalledPlugin> {
    const {args} = await this.parse(PluginsLink)
    const services = await this.services()
    const linked = await linkPlugin(resolve(args.folder), services.plugins(), stopOnSignal())
    this.log(describePlugin(linked))
    return linked
  }
}
