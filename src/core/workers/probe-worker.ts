import {HelixError} from '../errors/helix-error.js'
import {readProbe, type WorkerProbe} from './probe-report.js'
import {probeScript} from './probe-script.js'
import {findLine, gather, linesAfter, newMark, scriptCommand, waitForLine} from './run-script.js'
import type {Transport} from './transport.js'

/** On which servers of models are looked for: llama-server's and vLLM's own; Ollama is asked where OLLAMA_HOST says. */
export const MODEL_PORTS = [8080, 8000]
/** The script ends itself after 15 s; before it starts it may have to wait for a session. */
const PATIENCE_MS = 25_000

/**
 * Finds out what a worker is, what it has and how busy it is. `env` is the environment of the script on this machine.
 * Rejects with kind `unavailable` when the connection is lost, or the worker does not answer within 25 s.
 */
export function probeWorker(transport: Transport, env?: NodeJS.ProcessEnv, modelPorts: readonly number[] = MODEL_PORTS): Promise<WorkerProbe> {
  return probe(transport, probeScript(modelPorts), env)
}

/** Finds out how busy a worker is, with next to no work for it; rejects as `probeWorker` does. */
export function probeLoad(transport: Transport, env?: NodeJS.ProcessEnv): Promise<WorkerProbe> {
  return probe(transport, probeScript(), env)
}

function probe(transport: Transport, script: string, env: NodeJS.ProcessEnv | undefined): Promise<WorkerProbe> {
  return new Promise((resolve, reject) => {
    const tooLate = () => reject(new HelixError('unavailable', `it did not say how it is within ${PATIENCE_MS / 1000} s`, {code: 'PROBE_TIMEOUT'}))
    const timer = setTimeout(tooLate, PATIENCE_MS).unref()
    ask(transport, script, env)
      .then(resolve, reject)
      .finally(() => clearTimeout(timer))
  })
}

async function ask(transport: Transport, script: string, env: NodeJS.ProcessEnv | undefined): Promise<WorkerProbe> {
  const mark = newMark()
  const process = await transport.exec(scriptCommand(script, mark), env ? {env} : {})
  const output = gather(process.stdout)
  process.stderr.resume()
  // A program that could not be ended may keep the session open; what the script had to say is complete without it.
  await waitForLine(process, output, `${mark} end`).catch((error) => {
    if (findLine(output(), `${mark} cpus`) === undefined) throw error
  })
  return readProbe(linesAfter(output(), mark))
}
