import {HelixCommand} from '../../cli/base-command.js'
import {stopOnSignal} from '../../cli/stop-on-signal.js'
import {formatTable} from '../../cli/table.js'
import {type PluginView, viewPlugins} from '../../core/plugins/view-plugins.js'

export default class PluginsList extends HelixCommand<{plugins: PluginView[]}> {
  static override summary = 'list the plugins that you have installed or linked'
  static override description = 'Loads each of them to see whether it works. The providers that come with Helix are no plugins of yours: helix provider list.'

  async run(): Promise<{plugins: PluginView[]}> {
    await this.parse(PluginsList)
    const plugins = await viewPlugins((await this.services()).plugins(), stopOnSignal())
    const rows = plugins.map(({name, version, type, folder, source, providers, problem}) => [
      name,
      version ?? '-',
      providers.join(', ') || '-',
      type === 'link' ? folder : (source ?? 'the registry'),
      problem ?? 'ok',
    ])
    this.log(rows.length === 0 ? 'No plugins are installed.' : formatTable(['NAME', 'VERSION', 'PROVIDERS', 'FROM', 'STATE'], rows))
    return {plugins}
  }
}
