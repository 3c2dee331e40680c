import {type ChildProcess, execFileSync, spawn} from 'node:child_process'
import {closeSync, existsSync, mkdirSync, openSync, readFileSync, readSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {Socket} from 'node:net'
import {constants, uptime as osUptime} from 'node:os'
import {KILL} from './attempt-scripts.js'

// The agent as a program of Helix's own copy on a worker; `agent-scripts.ts` says how it is spoken to. It supervises all
// its attempts itself, so it goes on without its channel until the last of them has ended.

const TAIL_BYTES = 64 * 1024
const ORDER_WORDS = 10

interface Attempt {
  store: string
  task: string
  attempt: string
  folder: string
  grace: number
  ooms: number
  timer: NodeJS.Timeout | undefined
  /** Ends everything of it; it is over once that is done. */
  killing: Promise<void> | undefined
}

class NodeAgent {
  readonly #mark: string
  readonly #root: string
  readonly #input = new Socket({fd: 0, readable: true, writable: false})
  readonly #output = new Socket({fd: 1, readable: false, writable: true})
  readonly #mask = process.umask(0o077)
  readonly #boot = bootOfMachine()
  readonly #owner: string
  #received: Buffer = Buffer.alloc(0)

  constructor(mark: string, root: string) {
    this.#mark = mark
    this.#root = root
    this.#owner = `1 ${process.pid} ${startOf(process.pid)} ${this.#boot}\n`
  }

  run(): void {
    // What listens on the other end may be gone while attempts go on.
    this.#output.on('error', () => {})
    this.#input.on('error', () => {})
    process.on('SIGHUP', () => {})
    this.#input.on('data', (chunk) => this.#take(chunk))
    this.#say(`ready ${this.#root} node ${uptime()}`)
  }

  #say(line: string, ...tails: Buffer[]): void {
    if (!this.#output.writable) return
    this.#output.write(Buffer.concat([Buffer.from(`${this.#mark} ${line}\n`), ...tails]))
  }

  #take(chunk: Buffer): void {
    this.#received = this.#received.length > 0 ? Buffer.concat([this.#received, chunk]) : chunk
    for (;;) {
      const end = this.#received.indexOf(10)
      if (end < 0) return
      const [verb, ...words] = this.#received.toString('utf8', 0, end).split(' ')
      let next = end + 1
      if (verb === 'start') {
        next += Number(words[7])
        if (this.#received.length < next) return
        this.#start(words, this.#received.subarray(end + 1, next))
      } else if (verb === 'ping') this.#say(`pong ${uptime()}`)
      this.#received = this.#received.subarray(next)
    }
  }

  #start(words: string[], spec: Buffer): void {
    const [store = '', task = '', attempt = '', deadline, timeout, grace, form] = words
    const stdin = words.slice(ORDER_WORDS - 1).join(' ')
    const folder = `${this.#root}/${store}/${task}/${attempt}`
    const why = this.#claim(folder, spec, Number(deadline))
    if (why) {
      this.#say(`refused ${task} ${attempt} ${why}`)
      return
    }
    const one: Attempt = {store, task, attempt, folder, grace: Number(grace), ooms: oomKills(), timer: undefined, killing: undefined}
    this.#launch(one, form === 'sh' ? undefined : spec, stdin)
    if (Number(timeout) > 0) one.timer = setTimeout(() => this.#endLate(one), Number(timeout) * 1000)
  }

  /** Makes the folder of an attempt ours; returns why not where it cannot be. */
  #claim(folder: string, spec: Buffer, deadline: number): 'folder' | 'late' | 'exists' | undefined {
    try {
      mkdirSync(`${folder}/work`, {recursive: true})
      writeFileSync(`${folder}/spec`, spec)
    } catch {
      return 'folder'
    }
    if (isOver(deadline)) return 'late'
    try {
      closeSync(openSync(`${folder}/owner`, 'wx'))
    } catch {
      return 'exists'
    }
    if (!tryWrite(`${folder}/owner`, this.#owner)) {
      rmSync(`${folder}/owner`, {force: true})
      return 'folder'
    }
    // Nobody waits longer for an owner that is there and tells nothing yet.
    if (!isOver(deadline)) return undefined
    tryWrite(`${folder}/owner`, 'fenced\n')
    return 'late'
  }

  #launch(one: Attempt, words: Buffer | undefined, stdin: string): void {
    const {folder} = one
    // Before the umask of the worker's user is set: what the streams are kept in is nobody else's.
    const streams = words ? openStreams(folder, stdin) : undefined
    if (words && !streams) return void this.#finish(one, 126, null)
    const [cwd = '', count, ...rest] = words ? words.toString().split('\0').slice(0, -1) : []
    const [program = 'sh', ...args] = words ? rest.slice(Number(count)) : ['sh', './spec']
    const directory = words ? cwd || `${folder}/work` : folder
    const env = words ? {...process.env, ...pairs(rest.slice(0, Number(count))), PWD: directory} : process.env
    process.umask(this.#mask)
    let child: ChildProcess | undefined
    try {
      child = spawn(program, args, {cwd: directory, env, detached: true, stdio: streams ?? 'ignore'})
    } catch (error) {
      this.#complain(one, program, String(error))
    } finally {
      process.umask(0o077)
      for (const stream of streams ?? []) closeSync(stream)
    }
    if (!child) return void this.#finish(one, 126, null)
    if (child.pid !== undefined) tryWrite(`${folder}/pid`, `${child.pid}\n`)
    child.once('error', (error: NodeJS.ErrnoException) => {
      // Node tells a missing folder as a missing program.
      const isFolder = !existsSync(directory)
      this.#complain(one, isFolder ? directory : program, error.code === 'ENOENT' ? 'not found' : error.message)
      void this.#finish(one, error.code === 'ENOENT' && !isFolder ? 127 : 126, null)
    })
    child.once('exit', (code, signal) => void this.#finish(one, code, signal))
  }

  #complain({folder}: Attempt, what: string, why: string): void {
    tryWrite(`${folder}/stderr`, `helix: ${what}: ${why}\n`, 'a')
  }

  async #finish(one: Attempt, code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    clearTimeout(one.timer)
    await one.killing
    const {folder, task, attempt} = one
    const exit = signal ? 128 + constants.signals[signal] : (code ?? 0)
    const result = `1 ${exit} ${signal ? 1 : 0} ${oomKills() - one.ooms} ${one.killing ? 1 : 0}`
    tryWrite(`${folder}/result`, `${result}\n`)
    const [out, err] = [`${folder}/stdout`, `${folder}/stderr`].map(readTail) as [Tail, Tail]
    this.#say(`ended ${task} ${attempt} ${uptime()} ${out.size} ${err.size} ${result} ${out.tail.length} ${err.tail.length}`, out.tail, err.tail)
  }

  #endLate(one: Attempt): void {
    tryWrite(`${one.folder}/timeout`, '')
    one.killing = new Promise((resolve) => {
      const killer = spawn('sh', ['-c', KILL], {env: {...process.env, HELIX_ATTEMPTS_ROOT: this.#root}, stdio: ['pipe', 'ignore', 'ignore']})
      killer.once('close', () => resolve())
      killer.once('error', () => resolve())
      killer.stdin.on('error', () => {})
      killer.stdin.end(`${one.store} ${one.task} ${one.attempt} ${one.grace}\n`)
    })
  }
}

/** Writes a file; false on a full disk, which must not end the attempts that run: whoever listens is told all the same. */
function tryWrite(path: string, text: string, flag = 'w'): boolean {
  try {
    writeFileSync(path, text, {flag})
    return true
  } catch {
    return false
  }
}

function isOver(deadline: number): boolean {
  return Math.floor(uptime()) >= deadline
}

interface Tail {
  size: number
  tail: Buffer
}

function readTail(path: string): Tail {
  try {
    const {size} = statSync(path)
    if (size === 0) return {size, tail: Buffer.alloc(0)}
    const file = openSync(path, 'r')
    try {
      const tail = Buffer.alloc(Math.min(size, TAIL_BYTES))
      const length = readSync(file, tail, 0, tail.length, size - tail.length)
      return {size, tail: tail.subarray(0, length)}
    } finally {
      closeSync(file)
    }
  } catch {
    return {size: 0, tail: Buffer.alloc(0)}
  }
}

function openStreams(folder: string, stdin: string): number[] | undefined {
  const opened: number[] = []
  try {
    opened.push(openSync(stdin === '-' ? '/dev/null' : stdin.slice(1), 'r'))
    for (const name of ['stdout', 'stderr']) opened.push(openSync(`${folder}/${name}`, 'w'))
    return opened
  } catch {
    for (const file of opened) closeSync(file)
    return undefined
  }
}

function pairs(variables: readonly string[]): Record<string, string> {
  return Object.fromEntries(variables.map((variable) => [variable.slice(0, variable.indexOf('=')), variable.slice(variable.indexOf('=') + 1)]))
}

function uptime(): number {
  const text = read('/proc/uptime')
  return text ? Number.parseFloat(text) : osUptime()
}

function bootOfMachine(): string {
  return read('/proc/sys/kernel/random/boot_id').trim() || runText('sysctl', ['-n', 'kern.boottime']).replace(/\D/g, '') || 'unknown'
}

function startOf(pid: number): string {
  const fields = read(`/proc/${pid}/stat`)
  // The name in the second field may have spaces; the start is the 22nd.
  if (fields) return fields.slice(fields.lastIndexOf(')') + 2).split(' ')[19] ?? ''
  return runText('ps', ['-o', 'lstart=', '-p', String(pid)]).replace(/[^0-9A-Za-z]/g, '')
}

function oomKills(): number {
  const groups = read('/proc/self/cgroup')
  const v2 = /^\d+::(.*)$/m.exec(groups)?.[1] ?? ''
  const v1 = /^\d+:memory:(.*)$/m.exec(groups)?.[1] ?? ''
  for (const path of [`/sys/fs/cgroup${v2}/memory.events`, `/sys/fs/cgroup/memory${v1}/memory.oom_control`]) {
    const ooms = /^oom_kill (\d+)/m.exec(read(path))?.[1]
    if (ooms !== undefined) return Number(ooms)
  }
  return 0
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

function runText(program: string, args: readonly string[]): string {
  try {
    return execFileSync(program, args, {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']})
  } catch {
    return ''
  }
}

/** Becomes the agent: `mark` begins each of its lines, `root` is the folder of attempts. */
export function runNodeAgent(mark: string, root: string): void {
  new NodeAgent(mark, root).run()
}
