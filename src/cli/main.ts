import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {run} from '@oclif/core'
import {redact} from '../core/security/redact.js'
import {describeError} from './describe-error.js'

/** Runs one command line; the only place that ends the process. */
export async function main(argv: string[], packageFile: URL): Promise<void> {
  // What Node and oclif warn of concerns whoever develops Helix.
  if (!process.env.DEBUG) process.removeAllListeners('warning')
  try {
    await run(argv[0] === 'help' ? [...argv.slice(1), '--help'] : argv, {root: fileURLToPath(packageFile)})
  } catch (error) {
    const {code, message, hint, exitCode} = describeError(error, commandIds(packageFile))
    process.exitCode = exitCode
    if (code !== 'EEXIT') process.stderr.write(`Error: ${message}\n${hint ? `${hint}\n` : ''}`)
    if (process.env.DEBUG && error instanceof Error) process.stderr.write(`${redact(error.stack ?? '')}\n`)
  }
  await writeOut(process.stdout)
  // Connections that are closing must not keep a finished command from ending.
  process.exit()
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
