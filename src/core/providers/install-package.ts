import {randomBytes} from 'node:crypto'
import {lstat, mkdir, readdir, rename, rm, writeFile} from 'node:fs/promises'
import {basename, dirname, join} from 'node:path'
import {errorCode, HelixError} from '../errors/helix-error.js'
import {checkSpace} from '../npm/check-space.js'
import {npmFailure} from '../npm/npm-failure.js'
import {type NpmOptions, npmInstall} from '../npm/run-npm.js'
import {isPidAlive} from '../process-identity.js'
import type {InstallablePackage} from './provider-plugin.js'

/** Stands in for a package that is of no use on this machine. */
const EMPTY_PACKAGE = 'npm:empty-npm-package@1.0.0'

export interface InstalledPackage {
  name: string
  version: string
  /** Of all files in the folder. */
  bytes: number
  folder: string
}

/**
 * Installs a package at its exact version with npm into a folder of its own. The folder is replaced as a whole, once the package
 * there can be imported: a failure leaves what was there before. Runs no install scripts.
 * Throws `config` without npm, `unavailable` when npm fails, `interrupted` when cancelled.
 */
export async function installPackage(pkg: InstallablePackage, folder: string, options: NpmOptions = {}): Promise<InstalledPackage> {
  const {name, version} = pkg
  const {signal} = options
  try {
    await mkdir(dirname(folder), {recursive: true})
    await removeLeftovers(folder)
    const staged = siblingOf(folder, 'new')
    try {
      await mkdir(staged)
      await writeFile(join(staged, 'package.json'), `${JSON.stringify(manifestOf(pkg), null, 2)}\n`)
      await npmInstall([], staged, options)
      await checkSpace(`${name} ${version}`, staged)
      await checkImport(name, staged, signal)
      const bytes = await sizeOf(staged)
      signal?.throwIfAborted()
      await replaceFolder(staged, folder)
      return {name, version, bytes, folder}
    } finally {
      await rm(staged, {recursive: true, force: true, maxRetries: 3})
    }
  } catch (error) {
    if (signal?.aborted) throw new HelixError('interrupted', 'cancelled', {code: 'CANCELLED', cause: error})
    throw HelixError.is(error) ? error : npmFailure(`${name} ${version}`, folder, error)
  }
}

function manifestOf({name, version, unneeded}: InstallablePackage): object {
  const {platform, arch} = process
  const overrides = Object.fromEntries(unneeded({platform, arch}).map((left) => [left, EMPTY_PACKAGE]))
  return {private: true, dependencies: {[name]: version}, overrides}
}

// In a process of its own: importing may load native code, which stays loaded, and runs what the package wants.
async function checkImport(name: string, folder: string, signal: AbortSignal | undefined): Promise<void> {
  const {execa} = await import('execa')
  const code = `await import(${JSON.stringify(name)})`
  const {failed, stderr} = await execa(process.execPath, ['--no-warnings', '--input-type=module', '--eval', code], {
    cwd: folder,
    env: {NODE_OPTIONS: ''},
    reject: false,
    stdin: 'ignore',
    stdout: 'ignore',
    ...(signal && {cancelSignal: signal}),
  })
  signal?.throwIfAborted()
  if (!failed) return
  const reason = /^\w*Error.*$/m.exec(stderr)?.[0] ?? stderr.trim().split('\n').at(-1)
  throw new HelixError('unavailable', `${name} is installed but does not load: ${reason}`, {code: 'PACKAGE_BROKEN'})
}

// A folder that is not empty cannot be renamed over, so there is a moment without one; whoever else installs may use it.
async function replaceFolder(staged: string, folder: string): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    const old = siblingOf(folder, 'old')
    const hadOld = await rename(folder, old).then(
      () => true,
      (error) => {
        if (errorCode(error) !== 'ENOENT') throw error
        return false
      },
    )
    try {
      await rename(staged, folder)
      await rm(old, {recursive: true, force: true, maxRetries: 3})
      return
    } catch (error) {
      const isTaken = ['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(errorCode(error))
      if (isTaken && attempt < 10) await rm(old, {recursive: true, force: true})
      else {
        if (hadOld) await rename(old, folder)
        throw error
      }
    }
  }
}

/** A name beside the folder that says which process made it. */
function siblingOf(folder: string, purpose: 'new' | 'old'): string {
  return `${folder}.${purpose}-${process.pid}-${randomBytes(4).toString('hex')}`
}

// What a process left that was killed: half an installation, or the folder that it was about to replace.
async function removeLeftovers(folder: string): Promise<void> {
  const parent = dirname(folder)
  for (const name of await readdir(parent)) {
    const [, purpose, pid] = name.startsWith(`${basename(folder)}.`) ? (/\.(new|old)-(\d+)-[0-9a-f]{8}$/.exec(name) ?? []) : []
    if (pid === undefined || isPidAlive(Number(pid))) continue
    const path = join(parent, name)
    if (purpose === 'old') await rename(path, folder).catch(() => {})
    await rm(path, {recursive: true, force: true})
  }
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, {recursive: true, withFileTypes: true})
  const files = entries.filter((entry) => entry.isFile())
  const sizes = await Promise.all(files.map(async ({parentPath, name}) => (await lstat(join(parentPath, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0)
}
