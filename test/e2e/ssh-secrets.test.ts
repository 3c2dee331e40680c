import {execFileSync} from 'node:child_process'
import {readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {AGENT_WORKERS, startAgentPool} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish} from '../fixtures/helix.js'
import {createDatabase, postgresAvailable, type TestDatabase} from '../fixtures/postgres.js'
import {postgresPrograms} from '../fixtures/postgres-programs.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {startPool, type WorkerPool} from '../fixtures/worker-pool.js'

// Names that nothing redacts, so that what is not written down is not written down at all.
const SECRETS = {BY_NAME: 'zebra-one-secret', IN_FILE: "zebra-two-'secret'"}
const FLAGS = ['--env', 'BY_NAME', '--env-from', 'task.env']
const ON_LINE = 'zebra-three-secret'
const WORKERS = ['local', ...AGENT_WORKERS]
const ANY = /zebra-(one|two|three)-/

describeUnless(sshdAvailable(), 'a secret in the environment of a task', () => {
  let pool: WorkerPool

  beforeAll(async () => {
    pool = await startAgentPool()
    writeFileSync(join(pool.home.root, 'task.env'), `# theirs\nIN_FILE="${SECRETS.IN_FILE}"\n`, {mode: 0o600})
  })

  afterAll(() => pool.close())

  test.each(WORKERS)('reaches the task and shows in no process list, output, log or error, on %s', async (worker) => {
    const script = 'until [ -e "$GO" ]; do sleep 0.1; done; test -n "$BY_NAME" && printf "%s" "$BY_NAME $IN_FILE" | cksum; exit 5'
    const go = join(pool.servers[0]!.folder, `go-${worker}`)
    const child = pool.home.spawn(['task', 'run', '--worker', worker, ...FLAGS, '--env', `GO=${go}`, '--', 'sh', '-c', script], {
      env: {BY_NAME: SECRETS.BY_NAME, DEBUG: '*', HELIX_GLOBAL__LOG_LEVEL: 'debug'},
    })
    const ended = finish(child)
    await waitFor('the task to run', () => processList().some((line) => line.includes('until [ -e')))
    expect(processList().filter((line) => ANY.test(line))).toEqual([])
    writeFileSync(go, '')
    const result = await ended
    const sum = execFileSync('cksum', {input: `${SECRETS.BY_NAME} ${SECRETS.IN_FILE}`, encoding: 'utf8'})
    expect(result).toMatchObject({code: 5, stdout: sum})
    expect(result.stderr).not.toMatch(ANY)
  })

  test.each(AGENT_WORKERS)('is in the process list only of the command that was given it, never in that of a task or a worker, on %s', async (worker) => {
    const go = join(pool.servers[0]!.folder, `go-line-${worker}`)
    const script = 'until [ -e "$1" ]; do sleep 0.1; done'
    const child = pool.home.spawn(['task', 'run', '--worker', worker, '--env', `TOKEN_X=${ON_LINE}`, '--', 'sh', '-c', script, 'x', go])
    const ended = finish(child)
    await waitFor('the task to run', () => processList().filter((line) => line.includes('until [ -e')).length > 1)
    expect(
      processList()
        .filter((line) => ANY.test(line))
        .map((line) => line.split(' ')[0]),
    ).toEqual([String(child.pid)])
    writeFileSync(go, '')
    expect(await ended).toMatchObject({code: 0, stderr: ''})
  })

  test.each(AGENT_WORKERS)('is in no file of the store; what is kept of it here and on the worker is in files of mode 0600, on %s', async (worker) => {
    const env = {BY_NAME: SECRETS.BY_NAME}
    const run = await pool.home.run(['task', 'run', '--json', '--worker', worker, ...FLAGS, '--env', `TOKEN_X=${ON_LINE}`, '--', 'false'], {env})
    const detached = await pool.home.run(['task', 'run', '--detach', '--worker', worker, ...FLAGS, '--', 'false'], {env})
    await pool.home.run(['task', 'wait', detached.stdout.trim()])
    const shown = await pool.home.run(['task', 'show', '--json', detached.stdout.trim()])
    for (const {stdout, stderr} of [run, detached, shown]) expect(stdout + stderr).not.toMatch(ANY)
    // An empty file is a lock.
    const here = filesBelow(pool.home.dataDir).filter((file) => statSync(file).size > 0)
    expect(here.filter((file) => !file.includes('/spool/') && ANY.test(readFileSync(file, 'latin1')))).toEqual([])
    for (const file of here) expect([file, statSync(file).mode & 0o077]).toEqual([file, 0])
    const state = join(pool.servers[AGENT_WORKERS.indexOf(worker)]!.home, '.local', 'state', 'helix')
    const there = filesBelow(state)
    expect(there.some((file) => ANY.test(readFileSync(file, 'latin1')))).toBe(true)
    for (const file of there) expect([file, statSync(file).mode & 0o777]).toEqual([file, 0o600])
    for (const folder of foldersBelow(state)) expect([folder, statSync(folder).mode & 0o777]).toEqual([folder, 0o700])
  })
})

const dump = join(postgresPrograms() ?? '', 'pg_dump')
describeUnless(postgresAvailable() ?? sshdAvailable(), 'a secret in the environment of a task whose store is PostgreSQL', () => {
  let database: TestDatabase
  let pool: WorkerPool

  beforeAll(async () => {
    database = await createDatabase()
    pool = await startPool({env: {HELIX_DATABASE_URL: database.url}})
  })

  afterAll(async () => {
    await pool.close()
    await database.drop()
  })

  test('is not in a dump of the database', async () => {
    const run = await pool.home.run(['task', 'run', '--worker', 'w1', '--env', 'BY_NAME', '--env', `TOKEN_X=${ON_LINE}`, '--', 'sh', '-c', 'exit 5'], {
      env: {BY_NAME: SECRETS.BY_NAME},
    })
    expect(run).toMatchObject({code: 5})
    const text = execFileSync(dump, [database.url], {encoding: 'utf8', maxBuffer: 1 << 28})
    expect(text).toContain('exit 5')
    expect(text).not.toMatch(ANY)
  })
})

/** The number and the command line of every process of this machine. */
function processList(): string[] {
  return execFileSync('ps', ['-A', '-ww', '-o', 'pid=,args='], {encoding: 'utf8'})
    .split('\n')
    .map((line) => line.trim())
}

function entriesBelow(folder: string, wanted: 'isFile' | 'isDirectory'): string[] {
  return readdirSync(folder, {recursive: true, withFileTypes: true})
    .filter((entry) => entry[wanted]())
    .map((entry) => join(entry.parentPath, entry.name))
}

function filesBelow(folder: string): string[] {
  return entriesBelow(folder, 'isFile')
}

function foldersBelow(folder: string): string[] {
  return [folder, ...entriesBelow(folder, 'isDirectory')]
}
