import {join} from 'node:path'
import {HelixError} from '../../errors/helix-error.js'
import {npmFailure} from '../../npm/npm-failure.js'
import {digestFile} from './parcel.js'
import {compareVersions} from './worker-state.js'

const QUIET = ['--ignore-scripts', '--no-audit', '--no-fund', '--no-progress', '--no-update-notifier', '--loglevel=error']
// npm's own waits add up to minutes before it says that there is no network.
const IMPATIENT = ['--fetch-retry-mintimeout=1000', '--fetch-retry-maxtimeout=5000']

/** A version of a package, and what its tarball must be. */
export interface PackageVersion {
  name: string
  version: string
  /** `sha512-…`, as the registry tells it. */
  integrity: string
}

/**
 * The newest version of a package within a major, from the registry that npm is configured for; undefined when it has none.
 * npm runs in `folder`, so that no project's own settings count. Throws `config` without npm, `unavailable` without the registry.
 */
export async function findPackageVersion(name: string, major: number, folder: string): Promise<PackageVersion | undefined> {
  const spec = `${name}@${major}`
  let text = ''
  try {
    text = await runNpm(['view', spec, 'version', 'dist.integrity', '--json', ...IMPATIENT], folder)
  } catch (error) {
    if (/\bE404\b/.test(String((error as {all?: string}).all))) return undefined
    throw npmFailure(spec, folder, error)
  }
  const found = text.trim() === '' ? [] : ([JSON.parse(text)].flat() as {version?: string; 'dist.integrity'?: string}[])
  const [newest] = found.sort((a, b) => compareVersions(a.version ?? '', b.version ?? ''))
  const integrity = newest?.['dist.integrity']?.split(' ').find((hash) => hash.startsWith('sha512-'))
  return newest?.version === undefined ? undefined : {name, version: newest.version, integrity: integrity ?? ''}
}

/** Brings a package's tarball into `folder` and resolves to its path. Throws `unavailable` when it is not what the registry vouches for. */
export async function fetchTarball({name, version, integrity}: PackageVersion, folder: string): Promise<string> {
  const spec = `${name}@${version}`
  let text = ''
  try {
    text = await runNpm(['pack', spec, '--json', '--pack-destination', folder, ...IMPATIENT], folder)
  } catch (error) {
    if (/\bEINTEGRITY\b/.test(String((error as {all?: string}).all))) throw damaged(spec)
    throw npmFailure(spec, folder, error)
  }
  // npm 12 gives an object by name where older ones give an array.
  const [packed] = Object.values(JSON.parse(text)) as {filename: string}[]
  const tarball = join(folder, packed?.filename ?? '')
  if (integrity !== `sha512-${await digestFile(tarball, 'sha512', 'base64')}`) throw damaged(spec)
  return tarball
}

/** Unpacks a tarball without the network or its install scripts, also one for another platform; resolves to the package's folder. */
export async function unpackTarball({name, version}: PackageVersion, tarball: string, folder: string): Promise<string> {
  const where = ['--prefix', folder, '--no-save', '--no-package-lock']
  await runNpm(['install', tarball, '--offline', '--force', ...where], folder).catch((error) => {
    throw npmFailure(`${name}@${version}`, folder, error)
  })
  return join(folder, 'node_modules', name)
}

async function runNpm(args: string[], folder: string): Promise<string> {
  const {execa} = await import('execa')
  const {stdout} = await execa('npm', [...args, ...QUIET], {cwd: folder, stdin: 'ignore', all: true})
  return stdout
}

function damaged(spec: string): HelixError {
  return new HelixError('unavailable', `${spec} is not what the registry vouches for: its SHA-512 differs`, {
    code: 'PACKAGE_DAMAGED',
    hint: 'Try again; if it stays so, ask whoever runs the registry.',
  })
}
