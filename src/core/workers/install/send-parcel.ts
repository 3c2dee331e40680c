import {createReadStream, createWriteStream} from 'node:fs'
import {join} from 'node:path'
import {pipeline} from 'node:stream/promises'
import {createGunzip} from 'node:zlib'
import {HelixError} from '../../errors/helix-error.js'
import {linesAfter, newMark, runScript, scriptCommand} from '../run-script.js'
import type {Transport} from '../transport.js'
import {UNPACK} from './install-scripts.js'
import {manifestOf, type Parcel} from './parcel.js'
import type {WorkerState} from './worker-state.js'

/**
 * Sends a parcel to a worker and unpacks it in the folder `root/name`, which must be there; `staged` is a folder of this machine
 * for what lies between. Throws `unavailable` unless every file arrived as it is here.
 */
export async function sendParcel(
  transport: Transport,
  {root, hasGzip, sums}: WorkerState,
  name: string,
  parcel: Parcel,
  staged: string,
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const plain = join(staged, 'plain')
  if (!hasGzip) await pipeline(createReadStream(parcel.packed), createGunzip(), createWriteStream(plain, {mode: 0o600}))
  await transport.upload(hasGzip ? parcel.packed : plain, `${root}/${name}/parcel`, {mode: 0o600, ...(onProgress && {onProgress})})
  const input = `${name} ${hasGzip ? 'gzip' : 'plain'} ${sums}\n${manifestOf(parcel, sums)}`
  await runStep(transport, UNPACK, input, 'unpacked')
}

/** Runs one of the installation's scripts and resolves to the lines that it said. Throws `unavailable` unless it came to its end, which is the line `done`. */
export async function runStep(transport: Transport, script: string, input: string, done: string): Promise<string[]> {
  const mark = newMark()
  const {stdout, stderr} = await runScript(transport, scriptCommand(script, mark), input)
  const said = linesAfter(stdout, mark)
  if (said.includes(done)) return said
  const damaged = said.find((line) => line.startsWith('damaged '))
  if (damaged) throw new HelixError('unavailable', `${damaged.slice(8)} did not arrive as it was sent`, {code: 'INSTALL_DAMAGED', hint: 'Try again.'})
  const broken = said.find((line) => line.startsWith('broken'))
  if (broken !== undefined) {
    throw new HelixError('unavailable', `what was copied does not run there: ${broken.slice(7) || 'it said nothing'}`, {code: 'INSTALL_BROKEN'})
  }
  const reason = stderr.toString().trim().split('\n').at(-1) || 'its shell gave no reason'
  throw new HelixError('unavailable', `the worker could not take the files: ${reason}`, {code: 'INSTALL_FAILED'})
}
