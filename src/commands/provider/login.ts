import {Args} from '@oclif/core'
import {HelixCommand} from '../../cli/base-command.js'
import {readApiKey} from '../../cli/read-api-key.js'
import {credentialName} from '../../core/providers/provider-settings.js'
import type {CredentialPlace} from '../../core/security/credentials.js'

export default class ProviderLogin extends HelixCommand<{provider: string; stored_in: CredentialPlace}> {
  static override summary = "store a provider's API key"
  static override description =
    'Asks for the key on the terminal, or reads it from standard input. It is kept in the keyring of the operating system or, where there is none, in a file encrypted with AES-256-GCM whose key only you can read.'
  static override args = {provider: Args.string({required: true, ignoreStdin: true, description: 'id of the provider'})}
  static override examples = ['<%= config.bin %> <%= command.id %> openai', 'pass show openai | <%= config.bin %> <%= command.id %> openai']

  async run(): Promise<{provider: string; stored_in: CredentialPlace}> {
    const {args} = await this.parse(ProviderLogin)
    const services = await this.services()
    const {id, plugin} = (await services.providers()).find(args.provider)
    const key = await readApiKey(id, plugin)
    const {place, noKeyring} = await services.credentials.set(credentialName(id), key)
    if (noKeyring !== undefined) services.logger.info(`there is no keyring here (${noKeyring}): the key is in an encrypted file`)
    this.log(`Stored the key of ${id}. Check it with: helix provider test ${id}`)
    return {provider: id, stored_in: place}
  }
}
