import {execFileSync} from 'node:child_process'
import {existsSync, mkdirSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {afterAll, beforeAll, beforeEach, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {startPool, type WorkerPool} from '../fixtures/worker-pool.js'

const HELIX = `${process.execPath} ${fileURLToPath(new URL('../../bin/run.js', import.meta.url))}`
const hasMake = ['/usr/bin/make', '/usr/local/bin/make', '/bin/make'].some((path) => existsSync(path)) ? undefined : 'no make: apt-get install make'

describeUnless(hasMake, 'make through helix task run', () => {
  let home: HelixHome

  beforeEach(() => {
    home = makeHelixHome()
  })

  const write = (makefile: string) => writeFileSync(join(home.root, 'Makefile'), makefile.replaceAll('HELIX', HELIX))

  test('behaves as make alone: folder, variables, both streams and the exit code', async () => {
    write('all:\n\t@pwd; echo "$$GREETING" >&2\n\t@exit 3\n')
    const alone = execFileSync('sh', ['-c', 'make 2>&1; echo $?'], {cwd: home.root, encoding: 'utf8', env: {...home.env, GREETING: 'hello'}})
    expect(alone).toContain(home.root)
    const through = await home.run(['task', 'run', '--', 'make'], {env: {GREETING: 'hello'}})
    expect(through.code).toBe(2)
    expect(through.stdout).toBe(`${home.root}\n`)
    expect(through.stderr).toMatch(/^hello\nmake: \*\*\* \[Makefile:3: all\] Error 3\n$/)
  })

  test('has no terminal, and standard input when that is piped', async () => {
    write('tty:\n\t@for fd in 0 1 2; do if [ -t $$fd ]; then echo terminal; fi; done\ncount:\n\t@wc -c\n')
    expect(await home.run(['task', 'run', '--', 'make', '-s', 'tty'])).toMatchObject({code: 0, stdout: ''})
    expect((await home.run(['task', 'run', '--', 'make', '-s', 'count'], {input: 'x'.repeat(100_000)})).stdout.trim()).toBe('100000')
    const input = join(home.root, 'input')
    writeFileSync(input, 'from a file\n')
    const fromFile = execFileSync('sh', ['-c', `${HELIX} task run -- cat < ${input}; ${HELIX} task run -- cat < /dev/null; ${HELIX} task run -- cat <&-`], {
      env: home.env,
      cwd: home.root,
      encoding: 'utf8',
    })
    expect(fromFile).toBe('from a file\n')
  })

  test('can be called by a make with a jobserver, whose descriptors it does not hand on', async () => {
    write(`all: one two\none two:\n\t+@HELIX task run -- sh -c 'echo "flags=$$MAKEFLAGS" > $@.flags; exec make -s -j2 -f inner.mk $@'\n`)
    writeFileSync(join(home.root, 'inner.mk'), 'one two: %: a.% b.%\na.%:\n\t@echo $@\nb.%:\n\t@echo $@\n')
    const output = execFileSync('sh', ['-c', 'make -k -j2 2>&1'], {cwd: home.root, env: home.env, encoding: 'utf8'})
    expect(output).not.toContain('jobserver')
    expect(output.trim().split('\n').sort()).toEqual(['a.one', 'a.two', 'b.one', 'b.two'])
    for (const name of ['one', 'two']) expect(readFileSync(join(home.root, `${name}.flags`), 'utf8')).toBe('flags=k\n')
  })
})

describeUnless(sshdAvailable(), 'where a task runs', () => {
  let pool: WorkerPool

  beforeAll(async () => {
    pool = await startPool({slots: 4})
  })

  afterAll(() => pool.close())

  test('here is the folder and the environment of the caller', async () => {
    const folder = join(pool.home.root, 'project')
    mkdirSync(folder)
    const run = await pool.home.run(['task', 'run', '--worker', 'local', '--', 'sh', '-c', 'pwd; echo "$MINE"'], {cwd: folder, env: {MINE: 'my value'}})
    expect(run).toMatchObject({code: 0, stdout: `${folder}\nmy value\n`, stderr: ''})
  })

  test('on another machine is a fresh folder, with the variables given and nothing else of the caller', async () => {
    const words = [
      'task',
      'run',
      '--worker',
      'w1',
      '--env',
      'GIVEN=1',
      '--',
      'sh',
      '-c',
      'pwd; ls -A; touch left; echo "$MINE-$GIVEN"; echo "$HELIX_WORKER $HELIX_ATTEMPT"',
    ]
    const runs = [await pool.home.run(words, {env: {MINE: 'x'}}), await pool.home.run(words, {env: {MINE: 'x'}})]
    const folders = runs.map(({stdout}) => stdout.split('\n')[0])
    expect(new Set(folders).size).toBe(2)
    for (const {stdout} of runs) expect(stdout.split('\n').slice(1)).toEqual(['-1', 'w1 1', ''])
  })

  test('can be named; one that does not exist is told', async () => {
    for (const worker of ['local', 'w1']) {
      expect(await pool.home.run(['task', 'run', '--worker', worker, '--cwd', '/usr', '--', 'pwd'])).toMatchObject({code: 0, stdout: '/usr\n'})
      const missing = await pool.home.run(['task', 'run', '--worker', worker, '--cwd', '/no/such folder', '--', 'pwd'])
      expect(missing).toMatchObject({code: 126, stdout: ''})
      expect(missing.stderr).toContain('/no/such folder')
    }
  })
})
