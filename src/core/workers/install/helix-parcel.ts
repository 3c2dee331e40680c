import {readdir, readFile, writeFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import {join, relative, sep} from 'node:path'
import {promisify} from 'node:util'
import {gzip} from 'node:zlib'
import {errorCode} from '../../errors/helix-error.js'
import {describeFile, type Parcel, sha256Of} from './parcel.js'
import type {Platform} from './worker-state.js'

/** Helix as it goes to workers of one platform. */
export interface HelixContents {
  /** `0.1.0-` and a hash of all that is in it. */
  name: string
  version: string
  files: {path: string; content: Buffer; isProgram: boolean}[]
}

// Parts of the package that run; types and the conformance kit are for those who write plugins.
const PARTS = ['bin', 'dist', 'migrations']
const LEFT_OUT = /^dist\/(types\/|provider-)|\.d\.[cm]?ts$|\.\d+$/
const launcher = (program: string) => `#!/bin/sh
d=\${0%/*}
read -r node < "$d/node" || exit 78
exec "$node" "$d/${program}" "$@"
`

/**
 * Reads what a worker gets of Helix: the whole program with the SQLite driver for its platform, but not the keyring, since no key
 * of this machine's user is ever looked up there.
 */
export async function readHelix(packageRoot: string, platform: Platform): Promise<HelixContents> {
  const parts = await Promise.all(PARTS.map((part) => readFolder(packageRoot, part)))
  const manifests = await readFiles(packageRoot, ['package.json', 'oclif.manifest.json'], '')
  const own = [...parts.flat(), ...manifests, ...(await readDriver(packageRoot, platform))]
  const launchers = [
    ['helix', 'bin/run.js'],
    ['agent', 'dist/agent.cjs'],
  ].map(([path = '', program = '']) => ({path, content: Buffer.from(launcher(program)), isProgram: true}))
  const files = [...own, ...launchers].sort((a, b) => (a.path < b.path ? -1 : 1))
  const {version} = JSON.parse(String(manifests[0]?.content)) as {version: string}
  const hash = sha256Of(files.map(({path, content, isProgram}) => `${path} ${isProgram} ${sha256Of(content)}\n`).join(''))
  return {name: `${version}-${hash.slice(0, 12)}`, version, files}
}

/** Packs Helix into a file in `folder`. */
export async function packHelix({files}: HelixContents, folder: string): Promise<Parcel> {
  const packed = join(folder, 'helix.gz')
  const content = Buffer.concat(files.map((file) => file.content))
  await writeFile(packed, await promisify(gzip)(content), {mode: 0o600})
  return {files: files.map((file) => describeFile(file.path, file.content, file.isProgram)), size: content.length, packed}
}

async function readDriver(packageRoot: string, {system, arch, libc}: Platform): Promise<HelixContents['files']> {
  const build = `prebuilds/${system}${libc === 'musl' ? 'musl' : ''}-${arch}.node`
  const target = 'node_modules/better-sqlite3'
  const folder = join(createRequire(join(packageRoot, 'package.json')).resolve('better-sqlite3/package.json'), '..')
  try {
    const native = await readFiles(folder, ['package.json', build], target)
    return [...native, ...(await readFolder(folder, 'lib', target))]
  } catch (error) {
    // There is none for every platform; all but the store works without.
    if (errorCode(error) === 'ENOENT') return []
    throw error
  }
}

async function readFolder(root: string, folder: string, target = ''): Promise<HelixContents['files']> {
  const entries = await readdir(join(root, folder), {recursive: true, withFileTypes: true})
  const paths = entries.filter((entry) => entry.isFile()).map(({parentPath, name}) => relative(root, join(parentPath, name)))
  return readFiles(root, paths, target)
}

function readFiles(root: string, paths: string[], target: string): Promise<HelixContents['files']> {
  const wanted = paths.map((path) => path.split(sep).join('/')).filter((path) => !LEFT_OUT.test(path))
  return Promise.all(
    wanted.map(async (path) => ({path: target === '' ? path : `${target}/${path}`, content: await readFile(join(root, path)), isProgram: false})),
  )
}
