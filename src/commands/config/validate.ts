import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {validateConfig} from '../../core/config/validate-config.js'

export default class ConfigValidate extends HelixCommand<{files: string[]}> {
  static override summary = 'check the config, and list all that is wrong'
  static override description = 'Checks the files that are read and the environment, or one file. Exits 78 with every problem of the first file that has one.'
  static override args = {file: Args.string({ignoreStdin: true, description: 'a file to check by itself'})}
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> ./helix.json']
  protected override readonly needsConfig = false

  async run(): Promise<{files: string[]}> {
    const {args} = await this.parse(ConfigValidate)
    const files = await validateConfig(args.file, this.configLocation())
    this.log(files.length === 0 ? 'There is no config file; the defaults and the environment are right.' : files.map((file) => `${file} is right.`).join('\n'))
    return {files}
  }
}
