import {redact} from '../security/redact.js'

const ARGUMENTS = [
  'install',
  '--ignore-scripts',
  '--omit=dev',
  '--save-exact',
  '--no-audit',
  '--no-fund',
  '--no-package-lock',
  '--no-progress',
  '--no-update-notifier',
  '--location=project',
  '--loglevel=error',
  // npm's own waits add up to minutes before it says that there is no network.
  '--fetch-retry-mintimeout=1000',
  '--fetch-retry-maxtimeout=5000',
]

export interface NpmOptions {
  signal?: AbortSignal | undefined
  /** Gets what npm says, line by line. */
  onOutput?: ((line: string) => void) | undefined
}

/** Adds a package to those of a folder with the npm of this machine; no install script is run. Rejects as execa does, with all that npm said. */
export async function npmInstall(spec: string, folder: string, {signal, onOutput}: NpmOptions): Promise<void> {
  const {execa} = await import('execa')
  const npm = execa('npm', [...ARGUMENTS, '--prefix', folder, '--', spec], {
    cwd: folder,
    stdin: 'ignore',
    all: true,
    ...(signal && {cancelSignal: signal, forceKillAfterDelay: 1000}),
  })
  if (onOutput) for await (const line of npm.iterable({from: 'all'})) onOutput(redact(line))
  await npm
}
