import {createHash} from 'node:crypto'
import {existsSync, realpathSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {join, resolve} from 'node:path'
import {configError} from '../config/config-error.js'
import {withFileLock} from '../config/file-lock.js'
import {writeAtomically} from '../config/write-atomically.js'
import {messageOf} from '../errors/helix-error.js'

/** A project's config file that the user has trusted, with the content it had then. */
export interface TrustedFile {
  file: string
  sha256: string
  trusted_at: string
}

/** The hash that a trust is bound to: SHA-256 of the content, in hex. */
export function hashContent(content: string): string {
  return createHash('sha256').update(content).digest('hex')
}

/** True when the user has trusted this file with this very content, or `HELIX_TRUST_PROJECT=1` trusts all. */
export async function isTrusted(file: string, content: string, configDir: string, env: NodeJS.ProcessEnv): Promise<boolean> {
  if (env.HELIX_TRUST_PROJECT === '1') return true
  const path = absolutePath(file)
  const sha256 = hashContent(content)
  return (await listTrusted(configDir)).some((trusted) => trusted.file === path && trusted.sha256 === sha256)
}

/** Trusts a file with this content; an earlier content of it is trusted no longer. */
export async function trustFile(file: string, content: string, configDir: string): Promise<TrustedFile> {
  const trusted = {file: absolutePath(file), sha256: hashContent(content), trusted_at: new Date().toISOString()}
  await changeTrusted(configDir, (all) => [...all.filter((other) => other.file !== trusted.file), trusted])
  return trusted
}

/** Takes the trust in a file back; false when there was none. The file itself need not exist any more. */
export async function revokeTrust(file: string, configDir: string): Promise<boolean> {
  const path = absolutePath(file)
  return await changeTrusted(configDir, (all) => all.filter((trusted) => trusted.file !== path))
}

/** The files that the user has trusted, in the order of their names. */
export async function listTrusted(configDir: string): Promise<TrustedFile[]> {
  const store = storeFile(configDir)
  if (!existsSync(store)) return []
  try {
    const {trusted}: {trusted: TrustedFile[]} = JSON.parse(await readFile(store, 'utf8'))
    return trusted.toSorted((a, b) => a.file.localeCompare(b.file))
  } catch (error) {
    throw configError(store, `cannot be read: ${messageOf(error)}`, {
      code: 'TRUST_UNREADABLE',
      hint: 'Remove it and trust your projects again with: helix trust',
      cause: error,
    })
  }
}

async function changeTrusted(configDir: string, change: (all: TrustedFile[]) => TrustedFile[]): Promise<boolean> {
  const store = storeFile(configDir)
  return await withFileLock(store, async () => {
    const before = await listTrusted(configDir)
    const trusted = change(before)
    if (trusted.length === before.length && trusted.every((entry) => before.includes(entry))) return false
    await writeAtomically(store, `${JSON.stringify({trusted}, undefined, 2)}\n`, 0o600)
    return true
  })
}

function storeFile(configDir: string): string {
  return join(resolve(configDir), 'trusted-projects.json')
}

// A link to the file must not be a second name that needs a second trust.
function absolutePath(file: string): string {
  return existsSync(file) ? realpathSync(file) : resolve(file)
}
