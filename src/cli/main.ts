import {readFileSync} from 'node:fs'
import {constants} from 'node:os'
import {fileURLToPath} from 'node:url'
import {run} from '@oclif/core'
import {settings} from '@oclif/core/settings'
import {errorCode, HelixError} from '../core/errors/helix-error.js'
import {redact} from '../core/security/redact.js'
import {describeError} from './describe-error.js'

/** Runs one command line; the only place that ends the process. */
export async function main(argv: string[], packageFile: URL): Promise<void> {
  // What Node and oclif warn of concerns whoever develops Helix.
  if (!process.env.DEBUG) process.removeAllListeners('warning')
  // Else oclif warns of each linked plugin that it cannot compile its TypeScript. Node runs that as it is.
  settings.enableAutoTranspile = false
  // While plugins are loaded the process has another one.
  const exit = process.exit.bind(process)
  let isUnread = false
  process.stdout.once('error', (error) => {
    isUnread = errorCode(error) === 'EPIPE'
  })
  const report = (error: unknown) => {
    // Whoever has stopped reading, as `head` does, does not want to know.
    if (isUnread) {
      process.exitCode = 128 + constants.signals.SIGPIPE
      return
    }
    const {code, message, hint, exitCode} = describeError(error, commandIds(packageFile))
    process.exitCode = exitCode
    if (code !== 'EEXIT') process.stderr.write(`Error: ${message}\n${hint ? `${hint}\n` : ''}`)
    if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${redact(error.stack ?? '')}\n`)
  }
  // oclif throws what standard output says, unless it is that nobody reads.
  process.once('uncaughtException', (error) => {
    report(isWriteFailure(error) ? new HelixError('unavailable', `standard output cannot be written: ${error.message}`, {code: 'OUTPUT_FAILED'}) : error)
    exit()
  })
  try {
    // A plugin that breaks every command must not break the one that takes it away.
    const userPlugins = argv[0] !== 'plugins'
    await run(argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv, {root: fileURLToPath(packageFile), userPlugins})
  } catch (error) {
    report(error)
  }
  await writeOut(process.stdout)
  // Connections that are closing must not keep a finished command from ending.
  process.exit()
}

function isWriteFailure(error: Error): boolean {
  return 'syscall' in error && error.syscall === 'write'
}

// Resolves once all has been written, or the reader has left.
function writeOut(stream: NodeJS.WriteStream): Promise<void> {
  return new Promise((resolve) => {
    stream.once('error', () => resolve())
    stream.write('', () => resolve())
  })
}

function commandIds(packageFile: URL): string[] {
  return Object.keys(JSON.parse(readFileSync(new URL('oclif.manifest.json', packageFile), 'utf8')).commands)
}
