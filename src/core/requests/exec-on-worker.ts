import {randomUUID} from 'node:crypto'
import type {Readable} from 'node:stream'
import {HelixError} from '../errors/helix-error.js'
import {quoteArgument} from '../ssh/quote-argument.js'
import {createRequest} from '../tasks/submit-tasks.js'
import {signalNumber} from '../workers/attempt-report.js'
import type {WorkerRow} from '../workers/worker.js'
import type {RequestContext, TaskOutput} from './request-context.js'

/** Runs a command on a worker over its connection, streams in and out as they come. Resolves to its exit code, 128 + N for a signal. */
export async function execOnWorker(
  context: RequestContext,
  worker: WorkerRow,
  command: readonly string[],
  stdin: Readable | undefined,
  output: TaskOutput,
): Promise<number> {
  if (command.length === 0)
    throw new HelixError('usage', 'there is no command to run', {code: 'COMMAND_MISSING', hint: 'Put it behind two dashes: helix worker exec NAME -- df -h'})
  await createRequest(context.store, {id: randomUUID(), command: 'worker exec', hostId: context.hostId})
  const transport = await context.connections.get(worker)
  const process = await transport.exec(command.map(quoteArgument).join(' '))
  process.stdout.pipe(output.stdout, {end: false})
  process.stderr.pipe(output.stderr, {end: false})
  // The command may end without reading all of its input.
  process.stdin.on('error', () => {})
  if (stdin) stdin.pipe(process.stdin)
  else process.stdin.end()
  const {code, signal} = await process.exit
  return code ?? 128 + signalNumber(signal ?? '')
}
