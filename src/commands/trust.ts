import {Args, Flags} from '@oclif/core'
import {HelixCommand} from '../cli/base-command.js'
import type {ConfigLocation} from '../core/config/load-config.js'
import {showValue} from '../core/config/show-settings.js'
import {listTrustStates, revokeProject, type TrustedProject, type TrustState, trustProject} from '../core/security/trust-project.js'

type TrustResult = TrustedProject | {file: string; revoked: boolean} | {trusted: TrustState[]}

export default class Trust extends HelixCommand<TrustResult> {
  static override summary = "let a project's config count in full"
  static override description = [
    "A project's file may come from a stranger, so that at first it decides only how things look: its workers, endpoints and the like are ignored.",
    'Trust is bound to the content: once the file changes it is untrusted again. HELIX_TRUST_PROJECT=1 trusts any project, for CI.',
  ].join('\n')
  static override args = {file: Args.string({ignoreStdin: true, description: "the config file; the project's nearest one where absent"})}
  static override flags = {
    list: Flags.boolean({description: 'list what is trusted', exclusive: ['revoke']}),
    revoke: Flags.boolean({description: 'take the trust back'}),
  }
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --list',
    '<%= config.bin %> <%= command.id %> --revoke',
  ]
  protected override readonly needsConfig = false

  async run(): Promise<TrustResult> {
    const {args, flags} = await this.parse(Trust)
    const location = this.configLocation()
    if (flags.list) return await this.#list(location)
    if (flags.revoke) return await this.#revoke(args.file, location)
    return await this.#trust(args.file, location)
  }

  async #trust(file: string | undefined, location: ConfigLocation): Promise<TrustedProject> {
    const project = await trustProject(file, location)
    this.log(`Trusted ${project.file}, as it is now. What it sets:`)
    for (const {path, value} of project.settings) this.log(`  ${path}=${showValue(value)}`)
    return project
  }

  async #revoke(file: string | undefined, location: ConfigLocation): Promise<{file: string; revoked: boolean}> {
    const result = await revokeProject(file, location)
    this.log(result.revoked ? `${result.file} is no longer trusted.` : `${result.file} was not trusted.`)
    return result
  }

  async #list(location: ConfigLocation): Promise<{trusted: TrustState[]}> {
    const trusted = await listTrustStates(location.configDir)
    for (const {file, state} of trusted) this.log(`${state}\t${file}`)
    return {trusted}
  }
}
