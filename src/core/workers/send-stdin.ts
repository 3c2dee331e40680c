import type {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import {HelixError} from '../errors/helix-error.js'
import {KEEP_STDIN, SEAL_STDIN} from './attempt-scripts.js'
import {gather, linesAfter, newMark, runScript, scriptCommand, waitForLine} from './run-script.js'
import type {Transport} from './transport.js'

/** A standard input on its way to a worker. */
export interface StdinTransfer {
  /** Where the worker keeps it. */
  path: string
  /** Resolves once it is whole there. */
  done: Promise<void>
}

/** Sends a standard input to the worker, from where an earlier transfer was cut off; `open` gives its bytes from an offset on. */
export async function sendStdin(transport: Transport, storeId: string, taskId: string, open: (offset: number) => Readable): Promise<StdinTransfer> {
  const mark = newMark()
  const process = await transport.exec(scriptCommand(KEEP_STDIN, mark))
  const output = gather(process.stdout)
  process.stderr.resume()
  process.stdin.write(`${storeId} ${taskId}\n`)
  const [have = '', ...path] = (await waitForLine(process, output, `${mark} have `)).split(' ')
  const send = async () => {
    let size = Number(have)
    const input = open(size)
    input.on('data', (chunk: Buffer) => {
      size += chunk.length
    })
    await pipeline(input, process.stdin)
    await process.exit
    const {stdout} = await runScript(transport, scriptCommand(SEAL_STDIN, mark), `${storeId} ${taskId} ${size}\n`)
    if (linesAfter(stdout, mark).includes('sealed')) return
    throw new HelixError('unavailable', 'standard input could not be stored on the worker', {code: 'STDIN_NOT_STORED', hint: 'Its disk may be full.'})
  }
  return {path: path.join(' '), done: send()}
}
