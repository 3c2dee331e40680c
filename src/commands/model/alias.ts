import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {formatTable} from '../../cli/table.js'
import {changeAlias, type ModelAlias} from '../../core/providers/model-aliases.js'

export default class ModelAliasCommand extends HelixCommand<{aliases: ModelAlias[]}> {
  static override summary = 'give a model a short name'
  static override description =
    'Without arguments it lists the aliases, with a name that one. An alias stands for its model wherever one is asked for, and is kept in your helix.json under models.aliases.'
  static override args = {
    name: Args.string({ignoreStdin: true, description: 'the short name'}),
    model: Args.string({ignoreStdin: true, description: 'provider/model'}),
  }
  static override flags = {remove: Flags.boolean({description: 'forget the name'})}
  static override examples = [
    '<%= config.bin %> <%= command.id %> fast groq/llama-3.3-70b-versatile',
    '<%= config.bin %> chat -m fast -p hello',
    '<%= config.bin %> <%= command.id %> fast --remove',
  ]

  async run(): Promise<{aliases: ModelAlias[]}> {
    const {args, flags} = await this.parse(ModelAliasCommand)
    const services = await this.services()
    const aliases = await changeAlias({...args, remove: flags.remove}, services.aliases(this.configLocation()))
    this.log(
      formatTable(
        ['ALIAS', 'MODEL'],
        aliases.map(({alias, model}) => [alias, model]),
      ),
    )
    return {aliases}
  }
}
