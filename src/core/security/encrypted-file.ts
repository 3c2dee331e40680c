import {createCipheriv, createDecipheriv, randomBytes} from 'node:crypto'
import {link, mkdir, readFile, rm, stat, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {withFileLock} from '../config/file-lock.js'
import {isPlainObject} from '../config/plain-object.js'
import {writeAtomically} from '../config/write-atomically.js'
import {errorCode, HelixError, messageOf} from '../errors/helix-error.js'

const CIPHER = 'aes-256-gcm'
const KEY_BYTES = 32
// What NIST SP 800-38D recommends for GCM.
const IV_BYTES = 12

/** One secret: base64 of the initialisation vector, the tag and the ciphertext. */
interface SealedSecret {
  iv: string
  tag: string
  data: string
}

interface SecretsFile {
  version: 1
  secrets: Record<string, SealedSecret | 'keyring'>
}

/** Secrets in `secrets.json` of the data folder, each sealed with AES-256-GCM under the key `secrets.key` of the config folder. */
export class EncryptedFile {
  readonly #file: string
  readonly #keyFile: string

  constructor({configDir, dataDir}: {configDir: string; dataDir: string}) {
    this.#file = join(dataDir, 'secrets.json')
    this.#keyFile = join(configDir, 'secrets.key')
  }

  /** Where the secret under a name is; undefined when there is none. */
  async placeOf(name: string): Promise<'keyring' | 'file' | undefined> {
    const {secrets} = await this.#read()
    if (!Object.hasOwn(secrets, name)) return undefined
    return secrets[name] === 'keyring' ? 'keyring' : 'file'
  }

  /** The secret that is in the file under a name. Throws `config` for one that cannot be read or was changed by others. */
  async get(name: string): Promise<string> {
    const sealed = (await this.#read()).secrets[name]
    if (!sealed || sealed === 'keyring') throw damaged(this.#file, `has no secret ${name}`)
    const key = await this.#readKey()
    if (!key) throw damaged(this.#keyFile, 'is missing, and the secrets cannot be read without it')
    try {
      const decipher = createDecipheriv(CIPHER, key, Buffer.from(sealed.iv, 'base64'), {authTagLength: 16})
      decipher.setAAD(Buffer.from(name)).setAuthTag(Buffer.from(sealed.tag, 'base64'))
      return Buffer.concat([decipher.update(Buffer.from(sealed.data, 'base64')), decipher.final()]).toString()
    } catch (error) {
      throw damaged(this.#file, `was changed, or belongs to another key than ${this.#keyFile}`, error)
    }
  }

  async set(name: string, secret: string): Promise<void> {
    await this.#change(async (secrets) => {
      const key = (await this.#readKey()) ?? (await this.#makeKey())
      const iv = randomBytes(IV_BYTES)
      // The name is sealed too, so that entries cannot be exchanged.
      const cipher = createCipheriv(CIPHER, key, iv).setAAD(Buffer.from(name))
      const data = Buffer.concat([cipher.update(secret), cipher.final()])
      secrets[name] = {iv: iv.toString('base64'), tag: cipher.getAuthTag().toString('base64'), data: data.toString('base64')}
    })
  }

  /** Notes that a secret is in the keyring. */
  async setInKeyring(name: string): Promise<void> {
    await this.#change(async (secrets) => {
      secrets[name] = 'keyring'
    })
  }

  async remove(name: string): Promise<void> {
    await this.#change(async (secrets) => {
      delete secrets[name]
    })
  }

  async #change(change: (secrets: SecretsFile['secrets']) => Promise<void>): Promise<void> {
    await withFileLock(this.#file, async () => {
      const content = await this.#read()
      await change(content.secrets)
      await writeAtomically(this.#file, `${JSON.stringify(content, null, 2)}\n`, 0o600)
    })
  }

  async #read(): Promise<SecretsFile> {
    const text = await readIfThere(this.#file)
    if (text === undefined) return {version: 1, secrets: {}}
    try {
      const content: SecretsFile = JSON.parse(text.toString())
      if (content.version === 1 && isPlainObject(content.secrets)) return {version: 1, secrets: {...content.secrets}}
    } catch {
      // Told below.
    }
    throw damaged(this.#file, 'is not a file of secrets that this Helix wrote')
  }

  async #readKey(): Promise<Buffer | undefined> {
    const key = await readIfThere(this.#keyFile)
    if (!key) return undefined
    if (key.length !== KEY_BYTES) throw damaged(this.#keyFile, 'is not a key that Helix wrote')
    if (process.platform !== 'win32' && ((await stat(this.#keyFile)).mode & 0o077) !== 0) {
      throw new HelixError('denied', `${this.#keyFile} can be read by others`, {code: 'KEY_FILE_OPEN', hint: `Run: chmod 600 ${this.#keyFile}`})
    }
    return key
  }

  /** A link does not replace what is there: of two processes that make a key, both use the first. */
  async #makeKey(): Promise<Buffer> {
    const staged = `${this.#keyFile}.${process.pid}`
    await mkdir(dirname(staged), {recursive: true, mode: 0o700})
    await writeFile(staged, randomBytes(KEY_BYTES), {mode: 0o600})
    try {
      await link(staged, this.#keyFile)
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw damaged(this.#keyFile, `cannot be written: ${messageOf(error)}`, error)
    } finally {
      await rm(staged, {force: true})
    }
    return (await this.#readKey()) as Buffer
  }
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  try {
    return await readFile(file)
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined
    throw damaged(file, `cannot be read: ${messageOf(error)}`, error)
  }
}

function damaged(file: string, problem: string, cause?: unknown): HelixError {
  return new HelixError('config', `${file} ${problem}`, {
    code: 'SECRETS_UNREADABLE',
    hint: 'Give the key again with helix provider login, or in a variable.',
    cause,
  })
}
