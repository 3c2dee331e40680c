import {fileURLToPath} from 'node:url'
import {flush, run} from '@oclif/core'
import {reportError} from './report-error.js'

/** Runs one command line; the only place that ends the process. */
export async function main(argv: string[], packageFile: URL): Promise<void> {
  try {
    await run(argv, {root: fileURLToPath(packageFile)})
    await flush()
  } catch (error) {
    process.exitCode = reportError(error)
    await flush()
  }
  process.exit()
}
