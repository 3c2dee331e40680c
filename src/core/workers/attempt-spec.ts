import {isUtf8} from 'node:buffer'
import {FEED} from './attempt-scripts.js'
import {type Argument, argumentBytes, quoteBytes} from './shell-quote.js'

/** Names one attempt's folder on a worker. */
export interface AttemptName {
  storeId: string
  taskId: string
  attempt: number
}

/** What the worker's side needs to run a command. */
export interface AttemptOrder extends AttemptName {
  command: readonly Argument[]
  environment: Readonly<Record<string, string>>
  /** Folder on the worker; a fresh one inside the attempt's folder when absent. */
  cwd?: string | undefined
  /** File on the worker that becomes standard input, and whether it is still growing; empty input when absent. */
  stdin?: {path: string; growing: boolean} | undefined
  /** Zero for none. */
  timeoutSeconds: number
  /** Between TERM and KILL when the time limit is reached. */
  graceSeconds: number
}

/** A command as an agent is given it: a shell script that becomes it, or its words with NUL behind each. */
export interface AttemptSpec {
  form: 'sh' | 'words'
  bytes: Buffer
}

/**
 * Writes down what is to be run, for the agent to keep in a 0600 file: no process list shows it. Perl takes any bytes as words,
 * Node only UTF-8; a standard input that grows is a shell's work.
 */
export function buildSpec(order: AttemptOrder, agent: 'shell' | 'perl' | 'node'): AttemptSpec {
  if (agent === 'shell' || order.stdin?.growing) return {form: 'sh', bytes: scriptOf(order, agent === 'shell')}
  const words = wordsOf(order)
  return agent === 'perl' || isUtf8(words) ? {form: 'words', bytes: words} : {form: 'sh', bytes: scriptOf(order, false)}
}

/** `FOLDER COUNT NAME=VALUE… PROGRAM ARGUMENT…`, COUNT being that of the variables. */
function wordsOf(order: AttemptOrder): Buffer {
  const variables = Object.entries(environmentOf(order)).map(([name, value]) => `${name}=${value}`)
  const words = [order.cwd ?? '', String(variables.length), ...variables].map((word) => Buffer.from(word))
  const nul = Buffer.alloc(1)
  return Buffer.concat([...words, ...order.command.map(argumentBytes)].flatMap((word) => [word, nul]))
}

// The agent that is a shell reads the script in a process of its own, which has yet to get a process group and the umask of
// the worker's user; others have seen to that.
function scriptOf(order: AttemptOrder, inShell: boolean): Buffer {
  const parts: Buffer[] = []
  const add = (...pieces: (string | Buffer)[]) => parts.push(...pieces.map((piece) => (typeof piece === 'string' ? Buffer.from(piece) : piece)))
  const path = quoteBytes(Buffer.from(order.stdin?.path ?? '/dev/null'))
  if (order.stdin?.growing) add(FEED, 'mkfifo stdin.pipe\nfeed ', path, ' > stdin.pipe 2> /dev/null &\nexec < stdin.pipe')
  else add('exec < ', path)
  // Only then the umask: what the streams are kept in is nobody else's.
  add(` > stdout 2> stderr\n${inShell ? 'umask "$mask"\n' : ''}`)
  for (const [name, value] of Object.entries(environmentOf(order))) add(`export ${name}=`, quoteBytes(Buffer.from(value)), '\n')
  add('cd -- ', order.cwd === undefined ? 'work' : quoteBytes(Buffer.from(order.cwd)), ' || exit 126\nexec', inShell ? ' $launch' : '')
  const [program = Buffer.alloc(0), ...more] = order.command.map(argumentBytes)
  // What launches it would take such a name for an option or for a variable.
  if (/^-|=/.test(program.toString('latin1'))) add(` sh -c 'exec "$0" "$@"'`)
  for (const word of [program, ...more]) add(' ', quoteBytes(word))
  add('\n')
  return Buffer.concat(parts)
}

function environmentOf({environment, taskId, attempt}: AttemptOrder): Record<string, string> {
  return {...environment, HELIX_TASK_ID: taskId, HELIX_ATTEMPT: String(attempt), HELIX_ATTEMPT_ID: `${taskId}.${attempt}`}
}
