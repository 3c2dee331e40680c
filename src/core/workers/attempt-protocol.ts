import {HelixError} from '../errors/helix-error.js'
import {type AttemptReport, readReport} from './attempt-report.js'
import {COLLECT, KILL, OBSERVE, REMOVE} from './attempt-scripts.js'
import type {AttemptName} from './attempt-spec.js'
import {linesAfter, newMark, runScript, scriptCommand} from './run-script.js'
import type {Transport} from './transport.js'

export type AttemptState = 'running' | 'ended' | 'starting' | 'absent' | 'fenced' | 'rebooted' | 'killed'

/** Asks for the state of attempts. With `fence`, those that have not started are kept from ever starting. */
export async function observeAttempts(transport: Transport, names: readonly AttemptName[], fence: boolean, env?: NodeJS.ProcessEnv): Promise<AttemptState[]> {
  const mark = newMark()
  const input = names.map((name) => `${name.storeId} ${name.taskId} ${name.attempt} ${fence ? 1 : 0}\n`).join('')
  const {stdout} = await runScript(transport, scriptCommand(OBSERVE, mark), input, env)
  const states = new Map<string, AttemptState>()
  for (const line of linesAfter(stdout, mark)) {
    const [taskId, attempt, state] = line.split(' ')
    states.set(`${taskId} ${attempt}`, state as AttemptState)
  }
  return names.map((name) => {
    const state = states.get(keyOf(name))
    if (!state) throw new HelixError('unavailable', 'the worker did not tell the state of an attempt', {code: 'OBSERVE_FAILED'})
    return state
  })
}

/** Reads the reports of attempts that have ended; undefined for one that has not. */
export async function collectAttempts(transport: Transport, names: readonly AttemptName[], env?: NodeJS.ProcessEnv): Promise<(AttemptReport | undefined)[]> {
  const mark = newMark()
  const input = names.map(({storeId, taskId, attempt}) => `${storeId} ${taskId} ${attempt}\n`).join('')
  const {stdout} = await runScript(transport, scriptCommand(COLLECT, mark), input, env)
  const reports = new Map<string, AttemptReport>()
  // The marker stands before and behind each tail, however long it is.
  let at = 0
  const until = (text: string): Buffer => {
    const end = stdout.indexOf(`${mark} ${text}`, at)
    const part = end < 0 ? Buffer.alloc(0) : stdout.subarray(at, end)
    at = end < 0 ? stdout.length : end + mark.length + 1 + text.length
    return part
  }
  for (until('result '); at < stdout.length; until('result ')) {
    const end = stdout.indexOf('\n', at)
    const [taskId, attempt, ...words] = stdout.toString('latin1', at, end).split(' ')
    at = end + 1
    reports.set(`${taskId} ${attempt}`, readReport(words, until('middle\n'), until('end\n')))
  }
  return names.map((name) => reports.get(keyOf(name)))
}

/** Ends the whole process tree of an attempt; resolves to whether nothing of it is alive any more. */
export async function killAttempt(transport: Transport, name: AttemptName, graceSeconds: number, env?: NodeJS.ProcessEnv): Promise<boolean> {
  const mark = newMark()
  const input = `${name.storeId} ${name.taskId} ${name.attempt} ${Math.ceil(graceSeconds)}\n`
  const {stdout} = await runScript(transport, scriptCommand(KILL, mark), input, env)
  return linesAfter(stdout, mark).includes('dead')
}

/** Removes everything that a worker keeps of these tasks. */
export async function removeTaskFolders(transport: Transport, storeId: string, taskIds: readonly string[], env?: NodeJS.ProcessEnv): Promise<void> {
  await runScript(transport, scriptCommand(REMOVE, ''), taskIds.map((id) => `${storeId} ${id}\n`).join(''), env)
}

function keyOf({taskId, attempt}: AttemptName): string {
  return `${taskId} ${attempt}`
}
