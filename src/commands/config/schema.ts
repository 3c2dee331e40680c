import {HelixCommand} from '../../cli/base-command.js'
import {configSchema} from '../../core/config/schema.js'

export default class ConfigSchema extends HelixCommand<typeof configSchema> {
  static override summary = 'print the JSON Schema of helix.json'
  static override description = 'It names every setting with its meaning, its bounds and its default. Give it to your editor for completion.'
  static override examples = ['<%= config.bin %> <%= command.id %> > helix.schema.json']
  protected override readonly needsConfig = false

  async run(): Promise<typeof configSchema> {
    await this.parse(ConfigSchema)
    this.log(JSON.stringify(configSchema, undefined, 2))
    return configSchema
  }
}
