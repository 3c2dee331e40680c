import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {examinePackage} from '../../cli/provider-plugins.js'
import type {ExaminedPlugin} from '../../core/plugins/examine-plugin.js'

/** What Helix starts to see whether a plugin can be loaded; one that hangs or ends its process harms only this one. */
export default class PluginsExamine extends HelixCommand<ExaminedPlugin> {
  static override summary = 'load the plugin of a folder and tell what it brings'
  static override hidden = true
  static override args = {folder: Args.string({required: true, ignoreStdin: true, description: 'folder of its package'})}

  protected override readonly needsConfig: boolean = false

  async run(): Promise<ExaminedPlugin> {
    const {args} = await this.parse(PluginsExamine)
    const examined = await examinePackage(this.config, args.folder)
    this.log(JSON.stringify(examined))
    return examined
  }
}
