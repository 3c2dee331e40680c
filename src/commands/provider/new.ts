import {join, relative, resolve} from 'node:path'
import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {HelixError} from '../../core/errors/helix-error.js'
import {type NewProvider, writeProvider} from '../../core/providers/write-provider.js'

export default class ProviderNew extends HelixCommand<NewProvider> {
  static override summary = 'begin a provider of your own'
  static override description =
    'Writes a package with a working provider and tests that pass: an adapter for an API that speaks as OpenAI does, to be changed into what yours speaks. The guide is docs/writing-a-provider.md.'
  static override args = {
    name: Args.string({required: true, ignoreStdin: true, description: 'id of the provider, which stands before the slash of provider/model'}),
  }
  static override flags = {dir: Flags.string({description: 'folder to write to, empty or not there yet (default: helix-provider-NAME)'})}
  static override examples = ['<%= config.bin %> <%= command.id %> acme', '<%= config.bin %> <%= command.id %> acme --dir .']

  async run(): Promise<NewProvider> {
    const {args, flags} = await this.parse(ProviderNew)
    const id = args.name.replace(/^helix-provider-/, '')
    const registry = await (await this.services()).providers()
    if (registry.list().some((entry) => entry.id === id)) throw new HelixError('usage', `there is a provider ${id} already`, {code: 'PROVIDER_TAKEN'})
    const folder = resolve(flags.dir ?? `helix-provider-${id}`)
    const written = await writeProvider(id, folder, {template: join(this.config.root, 'templates/provider'), version: this.config.version})
    const shown = relative(process.cwd(), folder) || '.'
    this.log(`Wrote ${written.package} to ${folder}. Next:${shown === '.' ? '' : `\n  cd ${shown}`}\n  npm install && npm test\n  helix plugins link .`)
    return written
  }
}
