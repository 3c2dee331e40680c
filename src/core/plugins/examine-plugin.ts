import {readFile} from 'node:fs/promises'
import {join} from 'node:path'
import {isPlainObject} from '../config/plain-object.js'
import {HelixError, messageOf} from '../errors/helix-error.js'

/** Generous: the plugin's own hook may take ten seconds. */
const EXAMINE_MS = 20_000

/** What a plugin's package says of itself. */
export interface PluginManifest {
  name: string
  version: string
  /** The versions of Helix that it wants. */
  wants: string
}

/** What comes of a plugin when Helix loads it. */
export interface ExaminedPlugin {
  /** Ids of the providers that it brings. */
  providers: string[]
  /** Why it, or one of its providers, is left out. */
  problem?: string | undefined
}

/** Reads what a plugin's package says of itself. Throws `usage` where the folder holds no plugin. */
export async function readManifest(folder: string, what: string): Promise<PluginManifest> {
  let manifest: unknown
  try {
    manifest = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'))
  } catch (error) {
    throw notPlugin(`${what} is no package: its package.json ${error instanceof SyntaxError ? `is broken: ${messageOf(error)}` : 'is missing'}`)
  }
  const {name, version = '0.0.0', oclif, peerDependencies} = isPlainObject(manifest) ? manifest : {}
  if (typeof name !== 'string' || typeof version !== 'string') throw notPlugin(`${what} is no package: its package.json has no name`)
  if (!isPlainObject(oclif) || (oclif.hooks === undefined && oclif.commands === undefined)) {
    throw notPlugin(`${name} is no plugin: its package.json has no oclif section with hooks or commands`)
  }
  const wants = isPlainObject(peerDependencies) ? peerDependencies['helix-cli'] : undefined
  return {name, version, wants: typeof wants === 'string' ? wants : '*'}
}

/** Loads a plugin in a process of its own, so that one that hangs or ends its process harms nobody. `helix` is the program and arguments that start Helix. */
export async function examinePlugin(folder: string, helix: readonly string[], signal?: AbortSignal): Promise<ExaminedPlugin> {
  const {execa} = await import('execa')
  const [program = '', ...args] = helix
  const {stdout, timedOut, stderr} = await execa(program, [...args, 'plugins', 'examine', folder], {
    reject: false,
    stdin: 'ignore',
    timeout: EXAMINE_MS,
    killSignal: 'SIGKILL',
    ...(signal && {cancelSignal: signal}),
  })
  signal?.throwIfAborted()
  if (timedOut) return {providers: [], problem: 'it hangs when it is loaded'}
  // A plugin may print something itself.
  const found = stdout.lastIndexOf('\n{"providers":')
  const line = found < 0 ? stdout : stdout.slice(found + 1)
  try {
    return JSON.parse(line)
  } catch {
    const reason = /^\w*Error: (?:this is a bug in Helix: )?(.+)$/m.exec(stderr)?.[1]
    return {providers: [], problem: `it ends the process that loads it${reason ? `: ${reason}` : ''}`}
  }
}

function notPlugin(message: string): HelixError {
  return new HelixError('usage', message, {code: 'NOT_A_PLUGIN', hint: 'How to write one: helix provider new --help'})
}
