import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {uninstallPlugin} from '../../core/plugins/uninstall-plugin.js'

export default class PluginsUninstall extends HelixCommand<{name: string; uninstalled: boolean}> {
  static override summary = 'take a plugin away'
  static override description = 'A folder that was linked stays.'
  static override args = {plugin: Args.string({required: true, ignoreStdin: true, description: 'name of its package'})}
  static override examples = ['<%= config.bin %> <%= command.id %> helix-provider-acme']

  async run(): Promise<{name: string; uninstalled: boolean}> {
    const {args} = await this.parse(PluginsUninstall)
    const {name, type, root} = await uninstallPlugin(args.plugin, (await this.services()).plugins())
    this.log(type === 'link' ? `Uninstalled ${name}; its folder ${root} is still there.` : `Uninstalled ${name}.`)
    return {name, uninstalled: true}
  }
}
