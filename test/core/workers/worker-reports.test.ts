import {execFileSync} from 'node:child_process'
import {mkdtempSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, expect, test} from '@jest/globals'
import type {ConnectOptions} from '../../../src/core/ssh/connect-options.js'
import type {SshTransport} from '../../../src/core/ssh/ssh-transport.js'
import {LoadWatch} from '../../../src/core/workers/load-watch.js'
import {LocalTransport} from '../../../src/core/workers/local-transport.js'
import {watchScript} from '../../../src/core/workers/probe-script.js'
import type {WorkerLoad} from '../../../src/core/workers/worker.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {findProgram, programFolder} from '../../fixtures/fake-programs.js'
import {runFolder} from '../../fixtures/run-folder.js'
import {connectTo} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'
import {TcpProxy} from '../../fixtures/tcp-proxy.js'
import {waitFor} from '../../fixtures/wait-for.js'

const FOR_LONG = {reports: 1000, beats: 1, beatSeconds: 1}
const LOAD = {cpu_percent: expect.any(Number), memory_used_bytes: expect.any(Number), disk_free_bytes: expect.any(Number)}

/** Starts a watch, and gathers what it reports. */
async function watch(transport: Parameters<typeof LoadWatch.open>[0], plan = FOR_LONG) {
  const loads: WorkerLoad[] = []
  return {loads, watch: await LoadWatch.open(transport, plan, (load) => loads.push(load))}
}

/** How many shells run the script of a watch. */
function watching(): number {
  return Number(execFileSync('sh', ['-c', 'pgrep -fc "^sh -c exec 3<&0" || true'], {encoding: 'utf8'}))
}

for (const name of ['dash', 'bash', 'busybox', 'zsh']) {
  const path = findProgram(name)
  describeUnless(path === undefined ? `${name} is not installed` : undefined, `a worker whose sh is ${name}`, () => {
    test('tells as often as it was asked to how busy it is', async () => {
      const folder = mkdtempSync(join(runFolder(), 'watched-'))
      const programs = ['cut', 'date', 'df', 'getconf', 'grep', 'ls', 'nproc', 'sleep', 'tr'].flatMap((program) => {
        const found = findProgram(program)
        return found === undefined ? [] : [[program, found] as const]
      })
      const env = {PATH: programFolder({...Object.fromEntries(programs), sh: path ?? ''}, {}), HOME: folder}
      const here = new LocalTransport()
      const transport = Object.assign(here, {execSpare: (command: string) => here.exec(command, {env})})
      const {loads, watch: one} = await watch(transport, {reports: 2, beats: 2, beatSeconds: 1})
      await waitFor('the end of the watch', () => one?.isOpen === false)
      expect(loads).toEqual([LOAD, LOAD].map((load) => expect.objectContaining(load)))
    })
  })
}

test('the script can stand in single quotes in every login shell', () => {
  expect(watchScript(FOR_LONG)).not.toMatch(/'|\\\\/)
})

describeUnless(sshdAvailable(), 'a worker over SSH that tells by itself how busy it is', () => {
  let sshd: Sshd
  const opened: SshTransport[] = []

  beforeAll(async () => {
    sshd = await Sshd.start()
  })
  afterEach(() => Promise.all(opened.splice(0).map((transport) => transport.close())))
  afterAll(() => sshd?.stop())

  const connect = async (options: ConnectOptions = {}, port = sshd.port) => {
    const transport = await connectTo(sshd, {port, hostKey: sshd.hostKeyFingerprint}, options)
    opened.push(transport)
    return transport
  }

  test('is sent nothing at all meanwhile, not even to see whether it lives', async () => {
    const proxy = await TcpProxy.start(sshd.port)
    try {
      const transport = await connect({keepaliveMs: 1900, keepaliveCount: 1}, proxy.port)
      const {loads} = await watch(transport)
      await waitFor('the first report', () => loads.length > 0)
      const before = proxy.sent
      await waitFor('the fifth report', () => loads.length > 4)
      expect(proxy.sent).toBe(before)
      proxy.silence()
      expect(await transport.closed).toMatchObject({kind: 'unavailable'})
    } finally {
      await proxy.stop()
    }
  })

  test('gives its session back as soon as somebody needs it', async () => {
    const transport = await connect({maxSessions: 3})
    const {watch: one} = await watch(transport)
    const processes = await Promise.all([1, 2, 3].map(() => transport.exec('cat')))
    expect(one?.isOpen).toBe(false)
    for (const {stdin, stdout} of processes) {
      stdin.end()
      stdout.resume()
    }
    expect((await watch(await connect({maxSessions: 2}))).watch).toBeUndefined()
  })

  test('leaves nothing running when it is closed, or its connection is cut', async () => {
    const proxy = await TcpProxy.start(sshd.port)
    try {
      const {watch: one} = await watch(await connect())
      await watch(await connect({}, proxy.port))
      await waitFor('both to run', () => watching() >= 2)
      one?.close()
      proxy.cut()
      await waitFor('both to be gone', () => watching() === 0)
    } finally {
      await proxy.stop()
    }
  })
})
