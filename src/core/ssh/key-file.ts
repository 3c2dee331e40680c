import {readFile} from 'node:fs/promises'
import type {ParsedKey} from 'ssh2'
import {HelixError, messageOf} from '../errors/helix-error.js'

/** A private key file, as far as it can be read without its passphrase. */
export interface KeyFile {
  path: string
  /** Undefined when only the passphrase reveals it, as in old PEM files that have no `.pub` beside them. */
  publicKey: ParsedKey | undefined
  /** Undefined when the key is encrypted, or the file holds only a public key. */
  privateKey: ParsedKey | undefined
  encrypted: boolean
  text: Buffer
}

/** Reads a key file. One that ssh_config names, or that is tried by default, may be missing or no key; one that the user chose (`required`) may not: `config`, KEY_FILE_MISSING and others. */
export async function readKeyFile(path: string, required: boolean): Promise<KeyFile | undefined> {
  const text = await readOptional(path, required)
  if (text === undefined) {
    // OpenSSH takes an identity from the agent when only its public half is here.
    const publicKey = await readPublicFile(path)
    if (publicKey !== undefined) return {path, publicKey, privateKey: undefined, encrypted: false, text: Buffer.alloc(0)}
    if (required) throw new HelixError('config', `there is no key file ${path}`, {code: 'KEY_FILE_MISSING', hint: 'Check the path given with --key'})
    return undefined
  }
  const key = await parseKey(text)
  if (!(key instanceof Error)) return {path, publicKey: key, privateKey: key.isPrivateKey() ? key : undefined, encrypted: false, text}
  if (needsPassphrase(key)) return {path, publicKey: (await readPublicPart(text)) ?? (await readPublicFile(path)), privateKey: undefined, encrypted: true, text}
  if (!required) return undefined
  throw new HelixError('config', `${path} is not a private key that Helix can read: ${key.message}`, {
    code: 'KEY_FILE_INVALID',
    hint: `ssh-keygen -p -f ${path} writes it anew in OpenSSH's own format`,
  })
}

/** Opens an encrypted key; undefined when the passphrase is wrong. */
export async function decryptKey(file: KeyFile, passphrase: string): Promise<ParsedKey | undefined> {
  const key = await parseKey(file.text, passphrase)
  return key instanceof Error ? undefined : key
}

async function parseKey(text: Buffer, passphrase?: string): Promise<ParsedKey | Error> {
  const {default: ssh2} = await import('ssh2')
  const parsed: ParsedKey | ParsedKey[] | Error = ssh2.utils.parseKey(text, passphrase)
  // ssh2 gives a list for a file of OpenSSH's format, which holds one key.
  return Array.isArray(parsed) ? (parsed[0] ?? new Error('the file is empty')) : parsed
}

async function readOptional(path: string, required: boolean): Promise<Buffer | undefined> {
  try {
    return await readFile(path)
  } catch (error) {
    if (!required || (error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw new HelixError('config', `cannot read the key file ${path}: ${messageOf(error)}`, {code: 'KEY_FILE_UNREADABLE', cause: error})
  }
}

async function readPublicFile(path: string): Promise<ParsedKey | undefined> {
  const text = await readOptional(`${path}.pub`, false)
  const key = text && (await parseKey(text))
  return key instanceof Error ? undefined : key
}

function needsPassphrase(error: Error): boolean {
  return /encrypted/iu.test(error.message) && /passphrase/iu.test(error.message)
}

// OpenSSH's format keeps the public key in the clear (PROTOCOL.key): a magic word, cipher, kdf and its options, the number of keys, the first public key.
async function readPublicPart(text: Buffer): Promise<ParsedKey | undefined> {
  const base64 = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]+?)-----END/u.exec(text.toString('latin1'))?.[1]
  if (base64 === undefined) return undefined
  const data = Buffer.from(base64, 'base64')
  let at = 'openssh-key-v1\0'.length
  for (let skipped = 0; skipped < 3; skipped += 1) at += 4 + data.readUInt32BE(at)
  const start = at + 8
  const key = await parseKey(data.subarray(start, start + data.readUInt32BE(at + 4)))
  return key instanceof Error ? undefined : key
}
