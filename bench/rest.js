// What a scheduler costs that has 200 workers and nothing to run: processor time and memory, once it is connected to all of them.
// @ts-check
import {chmodSync, readFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {insertWorker, listWorkers} from '../src/core/workers/worker-store.js'
import {findProgram, programFolder} from '../test/fixtures/fake-programs.js'
import {makeHelixHome} from '../test/fixtures/helix.js'
import {openTestStore} from '../test/fixtures/queue.js'
import {Sshd, sshdAvailable} from '../test/fixtures/sshd.js'
import {waitFor} from '../test/fixtures/wait-for.js'
import {line, verdict} from './rounds.js'

const WORKERS = 200
// All that a worker has is looked at anew every 5 minutes.
const SECONDS = 300
// What was needed to connect is compiled and collected in that time.
const SETTLE_SECONDS = 30
// What a worker's shell needs to tell of itself, and tools that say their version at once: 200 machines are played by one.
const PROGRAMS = ['cat', 'cut', 'date', 'df', 'getconf', 'grep', 'head', 'ls', 'nproc', 'sh', 'sleep', 'tr', 'uname']
const TOOLS = ['git', 'docker', 'node', 'python3', 'gcc', 'make', 'cmake', 'java', 'perl', 'cargo']
const TICKS_PER_SECOND = 100
const MOST = {cpuPercent: 2, bytes: 150e6}

export async function measure() {
  const missing = sshdAvailable()
  if (missing !== undefined) return console.log(`not measured: ${missing}`)
  const addresses = Array.from({length: WORKERS}, (_, number) => `127.0.1.${1 + number}`)
  const named = Object.fromEntries(PROGRAMS.map((program) => [program, findProgram(program) ?? '']))
  const tools = Object.fromEntries(TOOLS.map((tool) => [tool, `echo ${tool} version 1.2.3`]))
  const path = programFolder(named, tools)
  // The server's user must get to it.
  chmodSync(dirname(path), 0o755)
  const server = await Sshd.start({everywhere: true, config: ['MaxStartups 1000', `SetEnv PATH=${path}`]})
  const home = makeHelixHome()
  try {
    await home.run(['task', 'list'])
    const store = await openTestStore(`sqlite:${join(home.dataDir, 'helix.db')}`)
    for (const [number, host] of addresses.entries()) {
      const settings = {host, port: server.port, username: server.username, keyPath: server.keyPath, hostKey: server.hostKeyFingerprint}
      await insertWorker(store, {
        ...{name: `w${number}`, hostname: host, port: settings.port, username: settings.username},
        ...{origin: 'command', settings, capabilities: [], labels: {}, slots: 4},
      })
    }
    console.log(
      `${WORKERS} workers on one sshd at ${WORKERS} addresses, each with a shell and ${TOOLS.length} tools, health checks every 30 s as is the default. CPU and memory of \`helix scheduler start\` from /proc, for ${SECONDS} s, ${SETTLE_SECONDS} s after it had looked at all of them.\n`,
    )
    const scheduler = home.spawn(['scheduler', 'start'])
    const pid = scheduler.pid ?? 0
    try {
      await waitFor(
        'all workers to be looked at',
        async () => (await listWorkers(store, '')).every((worker) => worker.discovered.system !== undefined),
        600_000,
      )
      await sleep(SETTLE_SECONDS * 1000)
      const [before, began] = [processorTicks(pid), performance.now()]
      await sleep(SECONDS * 1000)
      const seconds = (performance.now() - began) / 1000
      const cpuPercent = ((processorTicks(pid) - before) / TICKS_PER_SECOND / seconds) * 100
      const bytes = Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
      line('CPU of one core', `${cpuPercent.toFixed(2)} %; of the 2 % that it may take: ${verdict(cpuPercent / MOST.cpuPercent, {most: 1})}`)
      line('memory', `${(bytes / 1e6).toFixed(0)} MB; of the 150 MB that it may take: ${verdict(bytes / MOST.bytes, {most: 1})}`)
    } finally {
      scheduler.kill('SIGTERM')
      await store.close()
    }
  } finally {
    await server.stop()
  }
}

/** @param {number} pid */
function processorTicks(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
  return Number(fields[11]) + Number(fields[12])
}
