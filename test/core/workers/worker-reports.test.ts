import {execFileSync} from 'node:child_process'
import {mkdtempSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, expect, test} from '@jest/globals'
import type {ConnectOptions} from '../../../src/core/ssh/connect-options.js'
import type {SshTransport} from '../../../src/core/ssh/ssh-transport.js'
import {LocalTransport} from '../../../src/core/workers/local-transport.js'
import type {WorkerProbe} from '../../../src/core/workers/probe-report.js'
import {type ReportPlan, reportsScript} from '../../../src/core/workers/probe-script.js'
import {WorkerReports} from '../../../src/core/workers/worker-reports.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {findProgram, programFolder} from '../../fixtures/fake-programs.js'
import {runFolder} from '../../fixtures/run-folder.js'
import {connectTo} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'
import {TcpProxy} from '../../fixtures/tcp-proxy.js'
import {waitFor} from '../../fixtures/wait-for.js'

const LOADS: ReportPlan = {beats: 1, beatSeconds: 1, loadsFirst: 1000, loadsBetween: 1000, ports: []}
const LOAD = {load: {cpu_percent: expect.any(Number), memory_used_bytes: expect.any(Number), disk_free_bytes: expect.any(Number)}, facts: {}}
const ALL = {...LOAD, facts: expect.objectContaining({system: process.platform, tools: expect.objectContaining({git: expect.any(String)})}), servers: []}
const PROGRAMS = ['cut', 'date', 'df', 'getconf', 'git', 'grep', 'ls', 'nproc', 'sleep', 'tr', 'uname']

/** Opens reports, and gathers what comes. */
async function open(transport: Parameters<typeof WorkerReports.open>[0], plan = LOADS) {
  const heard: WorkerProbe[] = []
  return {heard, reports: await WorkerReports.open(transport, plan, (report) => heard.push(report))}
}

/** A worker with a shell and few programs. */
function workerWith(sh: string, scripts: Record<string, string> = {}) {
  const found = PROGRAMS.flatMap((program) => {
    const path = findProgram(program)
    return path === undefined ? [] : [[program, path] as const]
  })
  const env = {PATH: programFolder({...Object.fromEntries(found), sh}, scripts), HOME: mkdtempSync(join(runFolder(), 'reports-'))}
  const here = new LocalTransport()
  return Object.assign(here, {execSpare: (command: string) => here.exec(command, {env})})
}

/** How many shells run the script of reports. */
function reporting(): number {
  return Number(execFileSync('sh', ['-c', 'pgrep -fc "^sh -c exec 3<&0" || true'], {encoding: 'utf8'}))
}

for (const name of ['dash', 'bash', 'busybox', 'zsh']) {
  const path = findProgram(name)
  describeUnless(path === undefined ? `${name} is not installed` : undefined, `a worker whose sh is ${name}`, () => {
    test('reports how busy it is, and as often as it was asked to all that it has', async () => {
      const {heard, reports} = await open(workerWith(path ?? ''), {...LOADS, beats: 2, loadsFirst: 1, loadsBetween: 0})
      await waitFor('three reports', () => heard.length === 3)
      reports?.close()
      expect(heard).toEqual([LOAD, ALL, ALL].map((report) => expect.objectContaining(report)))
    })

    test('goes on when a program hangs', async () => {
      const {heard, reports} = await open(workerWith(path ?? '', {docker: 'sleep 600'}), {...LOADS, loadsFirst: 0})
      await waitFor('a report', () => heard.length > 0)
      reports?.close()
      expect(heard[0]).toMatchObject(ALL)
    })
  })
}

test('this machine reports as well, until it is no worker any more', async () => {
  const here = new LocalTransport()
  const {heard} = await open(here)
  await waitFor('a report', () => heard.length > 0)
  expect(heard[0]).toMatchObject(LOAD)
  await here.close()
  await waitFor('the script to be gone', () => reporting() === 0)
})

test('the script can stand in single quotes in every login shell', () => {
  expect(reportsScript(LOADS)).not.toMatch(/'|\\\\/)
})

describeUnless(sshdAvailable(), 'a worker over SSH that reports by itself', () => {
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
      const transport = await connect({keepaliveMs: 1900, answerMs: 1900}, proxy.port)
      const {heard} = await open(transport)
      await waitFor('the first report', () => heard.length > 0)
      const before = proxy.sent
      await waitFor('the fifth report', () => heard.length > 4)
      expect(proxy.sent).toBe(before)
      proxy.silence()
      expect(await transport.closed).toMatchObject({kind: 'unavailable'})
    } finally {
      await proxy.stop()
    }
  })

  test('gives its session back as soon as somebody needs it', async () => {
    const transport = await connect({maxSessions: 3})
    const {reports} = await open(transport)
    const processes = await Promise.all([1, 2, 3].map(() => transport.exec('cat')))
    expect(reports?.isOpen).toBe(false)
    for (const {stdin, stdout} of processes) {
      stdin.end()
      stdout.resume()
    }
    expect((await open(await connect({maxSessions: 2}))).reports).toBeUndefined()
  })

  test('leaves nothing running when it is closed, or its connection is cut', async () => {
    const proxy = await TcpProxy.start(sshd.port)
    try {
      const {reports} = await open(await connect())
      await open(await connect({}, proxy.port))
      await waitFor('both to run', () => reporting() >= 2)
      reports?.close()
      proxy.cut()
      await waitFor('both to be gone', () => reporting() === 0)
    } finally {
      await proxy.stop()
    }
  })
})
