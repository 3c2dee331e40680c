import type {BaseAgent, ParsedKey, SigningRequestOptions} from 'ssh2'
import {decryptKey, type KeyFile, readKeyFile} from './key-file.js'
import type {ResolvedHost} from './resolve-host.js'

/** A key to log in with. Signing may ask for a passphrase, and happens only once the server has said that it knows the key. */
export interface Identity {
  label: string
  publicKey: ParsedKey
  sign(data: Buffer, hash: string | undefined): Promise<Buffer>
}

export interface IdentityOptions {
  /** The user chose the key file, so that it must be there. */
  keyRequired: boolean
  /** Gives the passphrase of a key file; undefined when there is none to be had. */
  passphraseFor: (path: string) => Promise<string | undefined>
}

/** Collects the keys to offer, in OpenSSH's order: those of the agent that a file names, the agent's others, then the files. */
export async function collectIdentities(host: ResolvedHost, options: IdentityOptions): Promise<Identity[]> {
  const files: Identity[] = []
  const named = new Set<string>()
  for (const path of host.identityFiles) {
    const file = await readKeyFile(path, options.keyRequired)
    if (file === undefined) continue
    const publicKey = file.publicKey ?? (await openKeyFile(file, options))
    named.add(blobOf(publicKey))
    if (file.privateKey !== undefined || file.encrypted) files.push(fromFile(file, publicKey, options))
  }
  const agent = (await listAgentKeys(host)).filter(({publicKey}) => !host.identitiesOnly || named.has(blobOf(publicKey)))
  const inAgent = new Set(agent.map(({publicKey}) => blobOf(publicKey)))
  return [
    ...agent.filter(({publicKey}) => named.has(blobOf(publicKey))),
    ...agent.filter(({publicKey}) => !named.has(blobOf(publicKey))),
    ...files.filter(({publicKey}) => !inAgent.has(blobOf(publicKey))),
  ]
}

/** Presents identities as an agent, which is how ssh2 asks for a signature only after the server has accepted the public key. */
export async function toAgent(identities: Identity[]): Promise<BaseAgent> {
  const {default: ssh2} = await import('ssh2')
  class Identities extends ssh2.BaseAgent {
    getIdentities(done: (error: Error | undefined, keys?: ParsedKey[]) => void): void {
      done(
        undefined,
        identities.map(({publicKey}) => publicKey),
      )
    }

    override sign(
      publicKey: ParsedKey,
      data: Buffer,
      options: SigningRequestOptions | ((error?: Error | null, signature?: Buffer) => void),
      done: (error?: Error | null, signature?: Buffer) => void = () => {},
    ): void {
      const [hash, callback] = typeof options === 'function' ? [undefined, options] : [options.hash, done]
      const identity = identities.find((other) => blobOf(other.publicKey) === blobOf(publicKey))
      const signed = identity === undefined ? Promise.reject(new Error('no such key')) : identity.sign(data, hash)
      signed.then(
        (signature) => callback(null, signature),
        (error: Error) => callback(error),
      )
    }
  }
  return new Identities() as BaseAgent
}

function fromFile(file: KeyFile, publicKey: ParsedKey, options: IdentityOptions): Identity {
  return {
    label: `key ${file.path}`,
    publicKey,
    sign: async (data, hash) => (file.privateKey ?? (await openKeyFile(file, options))).sign(data, hash),
  }
}

async function openKeyFile(file: KeyFile, options: IdentityOptions): Promise<ParsedKey> {
  const passphrase = await options.passphraseFor(file.path)
  if (passphrase === undefined) throw new Error(`key ${file.path} needs a passphrase`)
  const key = await decryptKey(file, passphrase)
  if (key === undefined) throw new Error(`the passphrase of key ${file.path} is wrong`)
  file.privateKey = key
  return key
}

async function listAgentKeys(host: ResolvedHost): Promise<Identity[]> {
  const socket = host.identityAgent ?? process.env.SSH_AUTH_SOCK
  if (!socket || socket === 'none') return []
  const {default: ssh2} = await import('ssh2')
  const agent = ssh2.createAgent(socket)
  // As with ssh, an agent that is not there is no failure: the key may be in a file.
  const keys = await new Promise<ParsedKey[]>((resolve) => agent.getIdentities((error, found) => resolve(error ? [] : ((found ?? []) as ParsedKey[]))))
  return keys.map((publicKey) => ({
    label: `agent key ${publicKey.comment || publicKey.type}`,
    publicKey,
    sign: (data, hash) =>
      new Promise((resolve, reject) => {
        agent.sign(publicKey, data, hash === undefined ? {} : {hash: hash as 'sha256' | 'sha512'}, (error, signature) =>
          signature === undefined ? reject(error ?? new Error('the agent gave no signature')) : resolve(signature),
        )
      }),
  }))
}

function blobOf(key: ParsedKey): string {
  return key.getPublicSSH().toString('base64')
}
