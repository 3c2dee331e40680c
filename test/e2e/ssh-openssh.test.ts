import {execFileSync} from 'node:child_process'
import {mkdirSync, readdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish} from '../fixtures/helix.js'
import {isRunning} from '../fixtures/process-alive.js'
import {generateKey, Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {addWords, startPool, targetOf, type WorkerPool} from '../fixtures/worker-pool.js'

const ARGUMENTS = [
  '',
  ' two  spaces ',
  'line\nbreak\n',
  `it's "double" \`back\` $(id) \\`,
  '; id && id | id > x',
  '--',
  '-n',
  'Grüße 你好 🦊',
  '\u0001\u001b[31m',
]
const SHOW = ['sh', '-c', 'for a; do printf %s "$a" | od -An -v -tx1 | tr -d " \\n"; echo; done', 'show']

describeUnless(sshdAvailable(), "a worker reached through the system's ssh", () => {
  let pool: WorkerPool
  let runtime: string

  beforeAll(async () => {
    pool = await startPool({slots: 8, words: ['--transport', 'openssh']})
    runtime = join(pool.home.root, 'r')
    mkdirSync(runtime)
  })
  afterAll(() => pool.close())

  const masters = () =>
    execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], {encoding: 'utf8'})
      .split('\n')
      .filter((line) => / ssh .*-M /.test(line) && line.includes(` ${pool.server.port} `))

  test('tells how a command ended: ssh has nothing to do with its 255', async () => {
    for (const [script, code, ended] of [
      ['exit 0', 0, {status: 'completed', exit_code: 0}],
      ['exit 255', 255, {failure_kind: 'exit', exit_code: 255, signal: null}],
      ['kill -KILL $$', 137, {failure_kind: 'signal', exit_code: null, signal: 'KILL'}],
    ] as const) {
      const run = await pool.home.run(['task', 'run', '--json', '--worker', 'w1', '--', 'sh', '-c', script])
      expect([run.code, JSON.parse(run.stdout)]).toMatchObject([code, {...ended, attempt: 1}])
    }
    expect(await pool.home.run(['worker', 'exec', 'w1', '--', 'sh', '-c', 'cat; exit 255'], {input: 'in'})).toMatchObject({code: 255, stdout: 'in'})
    expect(await pool.home.run(['worker', 'test', 'w1'])).toMatchObject({code: 0})
  })

  test('gets arguments byte for byte, of tasks and of many of them', async () => {
    const hex = (texts: readonly string[]) => texts.map((text) => `${Buffer.from(text).toString('hex')}\n`).join('')
    expect(await pool.home.run(['task', 'run', '--worker', 'w1', '--', ...SHOW, ...ARGUMENTS])).toMatchObject({code: 0, stdout: hex(ARGUMENTS), stderr: ''})
    const items = Array.from({length: 40}, (_, index) => `item ${index} 'of' many`)
    const map = await pool.home.run(['task', 'map', '-k', '--worker', 'w1', '--', ...SHOW], {input: items.map((item) => `${item}\n`).join('')})
    expect(map).toMatchObject({code: 0, stdout: hex(items), stderr: ''})
  })

  test('keeps a secret of a task out of every process list', async () => {
    const secret = 'secret-4711-of-the-task'
    const child = pool.home.spawn(
      ['task', 'run', '--worker', 'w1', '--env', 'SECRET', '--', 'sh', '-c', 'echo started; sleep 1; printf %s "$SECRET" | tr a-z A-Z'],
      {
        env: {SECRET: secret},
      },
    )
    const lists: string[] = []
    child.stdout.once('data', () => lists.push(execFileSync('ps', ['-A', '-ww', '-o', 'args='], {encoding: 'utf8'})))
    expect(await finish(child)).toMatchObject({code: 0, stdout: `started\n${secret.toUpperCase()}`})
    expect(lists).toHaveLength(1)
    expect(lists[0]).toContain(' -M ')
    expect(lists[0]).not.toContain(secret)
  })

  test('runs on when the connection is lost, and its output has neither gap nor repeat', async () => {
    const lines = Array.from({length: 400}, (_, index) => `line ${index + 1}\n`).join('')
    const script = 'i=0; while [ $i -lt 400 ]; do i=$((i+1)); echo line $i; sleep 0.01; done'
    const child = pool.home.spawn(['task', 'run', '--worker', 'w1', '--', 'sh', '-c', script], {env: {XDG_RUNTIME_DIR: runtime}})
    let seen = 0
    child.stdout.on('data', (chunk: Buffer) => {
      seen += chunk.length
    })
    const ended = finish(child)
    await waitFor('some output', () => seen > 500)
    pool.server.signalConnections('SIGKILL')
    await waitFor('more output', () => seen > 2_000)
    // The master itself can be killed, too, and the shell that looks after it.
    for (const line of masters()) process.kill(Number.parseInt(line, 10), 'SIGKILL')
    const {code, stdout, stderr} = await ended
    expect({code, stdout}).toEqual({code: 0, stdout: lines})
    expect(stderr).toMatch(/was lost/)
    await waitFor('the folders to go', () => readdirSync(runtime).length === 0)
  })

  test('is cancelled with everything it has started', async () => {
    const child = pool.home.spawn(['task', 'run', '--worker', 'w1', '--', 'sh', '-c', 'sleep 4711 & echo $!; wait'])
    const pid = await new Promise<number>((resolve) => child.stdout.once('data', (chunk: Buffer) => resolve(Number(String(chunk)))))
    child.kill('SIGINT')
    expect((await finish(child)).code).toBe(130)
    expect(isRunning(pid)).toBe(false)
  })

  test('leaves no ssh, no folder and no socket behind, also when Helix is killed', async () => {
    await waitFor('all masters to end', () => masters().length === 0)
    const env = {XDG_RUNTIME_DIR: runtime, TMPDIR: runtime}
    expect(await pool.home.run(['worker', 'exec', 'w1', '--', 'true'], {env})).toMatchObject({code: 0})
    // On a busy machine they may go a moment after Helix.
    await waitFor('the folder to go', () => readdirSync(runtime).length === 0)
    const child = pool.home.spawn(['worker', 'exec', 'w1', '--', 'sh', '-c', 'echo started; sleep 60'], {env})
    await new Promise((resolve) => child.stdout.once('data', resolve))
    expect(masters().length).toBeGreaterThan(0)
    expect(readdirSync(runtime)).toHaveLength(1)
    child.kill('SIGKILL')
    await waitFor('the master and its folder to go', () => masters().length === 0 && readdirSync(runtime).length === 0)
  })

  test('is refused when its host key has changed, and nothing is executed', async () => {
    const server = await Sshd.start()
    await pool.home.run(addWords('changes', server, ['--transport', 'openssh']))
    const before = server.hostKeyFingerprint
    await server.restart({newHostKey: true})
    const run = await pool.home.run(['worker', 'exec', 'changes', '--', 'touch', join(server.home, 'executed')])
    expect(run.code).toBe(77)
    expect(run.stderr).toContain(before)
    expect(run.stderr).toContain(server.hostKeyFingerprint)
    expect(readdirSync(server.home)).not.toContain('executed')
    expect(await pool.home.run(['worker', 'trust-key', 'changes', '--host-key', server.hostKeyFingerprint])).toMatchObject({code: 0})
    expect(await pool.home.run(['worker', 'exec', 'changes', '--', 'echo', 'in'])).toMatchObject({code: 0, stdout: 'in\n'})
    await server.stop()
  })

  test('tells a refused login, a host that is not there and a password it has no use for', async () => {
    const wrong = join(pool.home.root, 'wrong')
    generateKey(wrong)
    const add = (...words: string[]) => pool.home.run(['worker', 'add', 'x', ...words, '--transport', 'openssh', '--host-key', pool.server.hostKeyFingerprint])
    expect(await add(targetOf(pool.server), '--key', wrong)).toMatchObject({code: 77, stderr: expect.stringContaining('refused the login')})
    expect(await add('me@127.0.0.1:1', '--key', wrong)).toMatchObject({code: 69, stderr: expect.stringContaining('connection refused')})
    expect(await add(targetOf(pool.server), '--password', 'env:X')).toMatchObject({code: 78, stderr: expect.stringContaining('ssh-add')})
  })

  test('can be given another transport and back, and keeps its own where the other one cannot reach it', async () => {
    const set = (...words: string[]) => pool.home.run(['worker', 'set', 'w1', '--transport', ...words])
    const transport = async () => JSON.parse((await pool.home.run(['worker', 'show', 'w1', '--json'])).stdout).transport
    expect(await set('ssh2')).toMatchObject({code: 0})
    expect(await transport()).toBe('ssh2')
    expect(await pool.home.run(['worker', 'exec', 'w1', '--', 'echo', 'in'], {env: {PATH: '/nowhere'}})).toMatchObject({code: 0, stdout: 'in\n'})
    const there = await pool.home.run(['worker', 'set', 'w1', '--transport', 'openssh'], {env: {PATH: '/nowhere'}})
    expect(there).toMatchObject({code: 69, stderr: expect.stringContaining('no ssh on PATH')})
    expect(await set('openssh', '--key', '/nowhere/key')).toMatchObject({code: 78, stderr: expect.stringContaining('no key file /nowhere/key')})
    expect(await set('telnet')).toMatchObject({code: 2})
    expect(await transport()).toBe('ssh2')
    expect(await set('openssh')).toMatchObject({code: 0})
    expect(await transport()).toBe('openssh')
    const config = join(pool.home.root, 'commanded')
    writeFileSync(config, 'Host *\n  ProxyCommand nc %h %p\n')
    const commanded = await pool.home.run(['worker', 'set', 'w1', '--transport', 'ssh2'], {env: {HELIX_SSH_CONFIG: config}})
    expect(commanded).toMatchObject({code: 69, stderr: expect.stringContaining('ProxyCommand')})
    expect(await pool.home.run(['worker', 'exec', 'w1', '--', 'echo', 'in'])).toMatchObject({code: 0, stdout: 'in\n'})
    expect(await transport()).toBe('openssh')
  })

  test('of the config is reached with a certificate, and through a ProxyCommand that ssh2 does not run', async () => {
    const ca = join(pool.home.root, 'ca')
    const key = join(pool.home.root, 'certified')
    generateKey(ca)
    generateKey(key)
    const server = await Sshd.start({config: [`TrustedUserCAKeys ${ca}.pub`]})
    execFileSync('ssh-keygen', ['-q', '-s', ca, '-I', 'test', '-n', server.username, `${key}.pub`])
    const config = join(pool.home.root, 'ssh_config')
    // A ProxyCommand of what is there in any case: ssh itself.
    const hop = `ssh -F none -i ${pool.server.keyPath} -p ${pool.server.port} -o UserKnownHostsFile=${pool.server.knownHostsPath} -W %h:%p ${pool.server.username}@127.0.0.1`
    writeFileSync(
      config,
      `Host behind\n  HostName 127.0.0.1\n  Port ${server.port}\n  ProxyCommand ${hop}\n  ControlMaster auto\n  ControlPath ${pool.home.root}/user-%C\n  ControlPersist 1\n`,
    )
    const worker = {host: 'behind', username: server.username, key_path: key, host_key: server.hostKeyFingerprint}
    const set = (transport: string) => {
      mkdirSync(pool.home.configDir, {recursive: true})
      writeFileSync(join(pool.home.configDir, 'helix.json'), JSON.stringify({workers: {pool: {behind: {...worker, transport}}}}))
    }
    const env = {HELIX_SSH_CONFIG: config}
    set('ssh2')
    expect(await pool.home.run(['worker', 'exec', 'behind', '--', 'id', '-un'], {env})).toMatchObject({
      code: 69,
      stderr: expect.stringContaining('transport openssh'),
    })
    set('openssh')
    expect(await pool.home.run(['worker', 'exec', 'behind', '--', 'id', '-un'], {env})).toMatchObject({code: 0, stdout: `${server.username}\n`})
    expect(readdirSync(pool.home.root).filter((name) => name.startsWith('user-'))).toEqual([])
    await server.stop()
  })
})
