import {createHash} from 'node:crypto'
import {existsSync} from 'node:fs'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {AGENT_WORKERS, startAgentPool} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {BUSYBOX, makeBusyboxFolder, startWithTools} from '../fixtures/installed-worker.js'
import {Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {addServer, type WorkerPool} from '../fixtures/worker-pool.js'

const ARGUMENTS = [
  '',
  ' ',
  ' two  spaces ',
  'tab\there',
  'line\nbreak\n',
  '\n',
  '\r\n',
  "it's",
  `"double" 'single' \`back\``,
  // biome-ignore lint/suspicious/noTemplateCurlyInString: it is what a shell would replace
  '$HOME ${HOME} $(id) `id` $$',
  '; id && id || id & id | id > /dev/null < /dev/null',
  '-n',
  '--json',
  '--',
  '-e \\n \\x41 \\\\ \\',
  "\\'",
  "'\\''",
  '* ? [a-z] ~ ~root {a,b} !! #x',
  '%s %d %%',
  '=x a=b',
  'Grüße 你好 🦊 é',
  '\u0001\u001b[31m\u007f',
]
// Prints each argument in hexadecimal, one a line; od alone would drop what is repeated.
const SHOW = ['sh', '-c', 'for a; do printf %s "$a" | od -An -v -tx1 | tr -d " \\n"; echo; done', 'show']

// What sha256sum says of its standard input.
const sumOf = (text: string) => `${createHash('sha256').update(text).digest('hex')}  -\n`

const FISH = '/usr/bin/fish'
const WORKERS = ['local', ...AGENT_WORKERS, ...(existsSync(FISH) ? ['fish'] : []), ...(BUSYBOX ? ['busybox'] : [])]

describeUnless(sshdAvailable(), 'arguments', () => {
  let pool: WorkerPool

  beforeAll(async () => {
    pool = await startAgentPool()
    const add = async (name: string, server: Sshd) => {
      pool.servers.push(server)
      await addServer(pool.home, name, server, ['--slots', '8'])
    }
    if (existsSync(FISH)) await add('fish', await Sshd.start({shell: FISH}))
    if (BUSYBOX) await add('busybox', await startWithTools(makeBusyboxFolder()))
  })

  afterAll(() => pool.close())

  const hex = (texts: readonly (string | Buffer)[]) => texts.map((text) => `${Buffer.from(text as string).toString('hex')}\n`).join('')

  test.each(WORKERS)('reach a task byte for byte, on %s', async (worker) => {
    expect(await pool.home.run(['task', 'run', '--worker', worker, '--', ...SHOW, ...ARGUMENTS])).toMatchObject({code: 0, stdout: hex(ARGUMENTS), stderr: ''})
  })

  test.each(WORKERS)('reach a command of worker exec byte for byte, on %s', async (worker) => {
    expect(await pool.home.run(['worker', 'exec', worker, '--', ...SHOW, ...ARGUMENTS])).toMatchObject({code: 0, stdout: hex(ARGUMENTS), stderr: ''})
  })

  test.each(WORKERS)('and variables of 100 KB reach a task whole, on %s', async (worker) => {
    const long = `${'0123456789'.repeat(10_000)}'`
    const run = await pool.home.run(
      ['task', 'run', '--worker', worker, '--env', 'LONG', '--', 'sh', '-c', 'printf %s "$1" | sha256sum; printf %s "$LONG" | sha256sum', 'x', long],
      {
        env: {LONG: long},
      },
    )
    expect(run).toMatchObject({code: 0, stderr: ''})
    expect(run.stdout).toBe(sumOf(long).repeat(2))
  })

  test.each(WORKERS)('of more than a megabyte in all reach each of several tasks whole, on %s', async (worker) => {
    const words = Array.from({length: 12}, (_, index) => String(index % 10).repeat(100_000))
    const input = '1\n2\n3\n4\n5\n6\n'
    const run = await pool.home.run(['task', 'map', '--worker', worker, '--', 'sh', '-c', 'for a; do printf %s "$a"; done | sha256sum', 'x', ...words, '{}'], {
      input,
    })
    expect(run).toMatchObject({code: 0, stderr: ''})
    const sums = input
      .trim()
      .split('\n')
      .map((item) => sumOf(words.join('') + item))
    expect(run.stdout.split('\n').sort()).toEqual(sums.join('').split('\n').sort())
    const {tasks} = JSON.parse((await pool.home.run(['task', 'list', '--limit', '6', '--json'])).stdout)
    expect(tasks.map(({attempt}: {attempt: number}) => attempt)).toEqual(Array(6).fill(1))
  })

  test.each(WORKERS)('that no system takes are told as the failure of their command, on %s', async (worker) => {
    const run = await pool.home.run(['task', 'map', '--json', '--worker', worker, '--', 'printf', '{}'], {input: `${'x'.repeat(300_000)}\n`})
    expect(run.code).toBe(1)
    const {tasks} = JSON.parse((await pool.home.run(['task', 'list', '--limit', '1', '--json'])).stdout)
    expect(tasks).toMatchObject([{status: 'failed', failure_kind: 'exit', exit_code: 126, attempt: 1}])
    expect(JSON.parse((await pool.home.run(['task', 'show', tasks[0].id, '--json'])).stdout).stderr).toMatch(/too long|E2BIG/)
  })

  test.each(WORKERS)('made of items reach a task byte for byte, also where they are no UTF-8, on %s', async (worker) => {
    const items = [...ARGUMENTS.filter((text) => !text.includes('\n')), Buffer.from([0xff, 0xfe, 0x80, 0x27, 0xc3])].map((item) => Buffer.from(item as string))
    const input = Buffer.concat(items.flatMap((item) => [item, Buffer.from('\n')]))
    const run = await pool.home.run(['task', 'map', '--keep-order', '--worker', worker, '--', ...SHOW, '{}', '<{}{#}>'], {input})
    expect(run).toMatchObject({code: 0, stderr: ''})
    const numbered = items.map((item, index) => Buffer.concat([Buffer.from('<'), item, Buffer.from(`${index + 1}>`)]))
    expect(run.stdout).toBe(items.map((item, index) => hex([item, numbered[index]!])).join(''))
  })

  test.each(['local', ...AGENT_WORKERS])('made of items may hold newlines where NUL ends each, on %s', async (worker) => {
    const items = ['line\nbreak', '', "'\n'"]
    const run = await pool.home.run(['task', 'map', '-0', '-k', '--worker', worker, '--', ...SHOW], {input: items.map((item) => `${item}\0`).join('')})
    expect(run).toMatchObject({code: 0, stdout: hex(items), stderr: ''})
  })

  test.each(['local', ...AGENT_WORKERS])('are words of the command, and no shell reads an item in HELIX_ITEM, on %s', async (worker) => {
    const evil = '$(touch executed); touch executed; `touch executed`'
    const run = await pool.home.run(['task', 'map', '--worker', worker, '--', 'sh', '-c', 'printf "%s\\n" "$HELIX_ITEM" "$1"; ls -A', 'x'], {
      input: `${evil}\n`,
      cwd: pool.home.dataDir,
    })
    expect(run.stdout.startsWith(`${evil}\n${evil}\n`)).toBe(true)
    expect(run.stdout).not.toMatch(/^executed$/m)
  })

  test.each(['local', ...AGENT_WORKERS])('and variables keep every byte of a difficult value, on %s', async (worker) => {
    const values = Object.fromEntries(ARGUMENTS.map((text, index) => [`V${index}`, text]))
    const flags = Object.keys(values).flatMap((name) => ['--env', name])
    const show = `for n in ${Object.keys(values).join(' ')}; do eval "printf %s \\"\\$$n\\"" | od -An -v -tx1 | tr -d " \\n"; echo; done`
    expect(await pool.home.run(['task', 'run', '--worker', worker, ...flags, '--', 'sh', '-c', show], {env: values})).toMatchObject({
      stdout: hex(ARGUMENTS),
      stderr: '',
    })
  })
})
