import {messageOf} from '../errors/helix-error.js'
import {EncryptedFile} from './encrypted-file.js'
import {keyringEntry, readKeyring} from './keyring.js'

/** Where a secret is kept. */
export type CredentialPlace = 'keyring' | 'file'

/**
 * Secrets that the user gave once, by name: in the keyring of the operating system, or where there is none (a server, a
 * container) in an encrypted file whose key is in the config folder. That file also tells which are in the keyring, for to ask
 * the keyring takes long and may make it ask the user.
 */
export class Credentials {
  readonly #file: EncryptedFile

  constructor(folders: {configDir: string; dataDir: string}) {
    this.#file = new EncryptedFile(folders)
  }

  /** The secret and where it was; undefined when there is none. Throws `config` when it cannot be read. */
  async get(name: string): Promise<{secret: string; place: CredentialPlace} | undefined> {
    const place = await this.#file.placeOf(name)
    if (place === 'file') return {secret: await this.#file.get(name), place}
    if (place === undefined) return undefined
    const secret = await readKeyring(name)
    return secret ? {secret, place} : undefined
  }

  /** Keeps a secret in place of an earlier one, and tells where and why there. */
  async set(name: string, secret: string): Promise<{place: CredentialPlace; noKeyring?: string}> {
    try {
      await (await keyringEntry(name)).setPassword(secret)
    } catch (error) {
      await this.#file.set(name, secret)
      return {place: 'file', noKeyring: messageOf(error)}
    }
    await this.#file.setInKeyring(name)
    return {place: 'keyring'}
  }

  /** Removes a secret from wherever it is; false when there was none. Rejects when the keyring does not let it go. */
  async remove(name: string): Promise<boolean> {
    const place = await this.#file.placeOf(name)
    if (place === 'keyring') await (await keyringEntry(name)).deletePassword()
    if (place) await this.#file.remove(name)
    return place !== undefined
  }
}
