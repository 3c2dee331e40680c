// How fast a large file gets to a worker and back: Helix's two transports beside OpenSSH's scp.
// @ts-check
import {spawn} from 'node:child_process'
import {randomFillSync} from 'node:crypto'
import {once} from 'node:events'
import {chmod, open, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {connectTo} from '../test/fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../test/fixtures/sshd.js'
import {line, measureRounds, median, show, verdict} from './rounds.js'

const MIB = Number(process.env.HELIX_BENCH_MIB ?? 1024)
const ROUNDS = 3
const LEAST = 0.8

export async function measure() {
  const missing = sshdAvailable()
  if (missing !== undefined) return console.log(`not measured: ${missing}`)
  const sshd = await Sshd.start()
  try {
    const local = join(sshd.folder, 'local')
    const remote = join(sshd.home, 'remote')
    const copies = {up: join(sshd.home, 'copy'), down: join(sshd.folder, 'copy')}
    for (const path of [local, remote]) await writeRandom(path)
    await chmod(remote, 0o644)
    console.log(`${ROUNDS} rounds: one file of ${MIB} MiB that cannot be compressed, to a loopback sshd and from it, with the ciphers that each side`)
    console.log('prefers. scp logs in each time, as it does for a user; Helix has its connection already.\n')
    const ssh2 = await connectTo(sshd)
    const openssh = await connectTo(sshd, {transport: 'openssh'})
    const target = `${sshd.username}@${sshd.host}`
    const up = await measureRounds(
      {
        'up, scp': () => timed(copies.up, (to) => scp(sshd, local, `${target}:${to}`)),
        'up, Helix, ssh2': () => timed(copies.up, (to) => ssh2.upload(local, to)),
        'up, Helix, openssh': () => timed(copies.up, (to) => openssh.upload(local, to)),
      },
      ROUNDS,
    )
    const down = await measureRounds(
      {
        'down, scp': () => timed(copies.down, (to) => scp(sshd, `${target}:${remote}`, to)),
        'down, Helix, ssh2': () => timed(copies.down, (to) => ssh2.download(remote, to)),
        'down, Helix, openssh': () => timed(copies.down, (to) => openssh.download(remote, to)),
      },
      ROUNDS,
    )
    for (const figures of [up, down]) {
      const [[, scpFigures = []] = [], ...ours] = Object.entries(figures)
      for (const [name, values] of Object.entries(figures)) line(name, show(values, 'MB/s'))
      for (const [name, values] of ours) {
        const ratio = median(values) / median(scpFigures)
        line(`${name} / scp`, `${verdict(ratio, {least: LEAST})}${ratio < 1 ? ' (scp is ahead)' : ''}`)
      }
    }
    await Promise.all([ssh2.close(), openssh.close()])
  } finally {
    await sshd.stop()
  }
}

/** @param {string} path */
async function writeRandom(path) {
  const file = await open(path, 'w')
  const chunk = Buffer.allocUnsafe(1024 * 1024)
  for (let written = 0; written < MIB; written += 1) await file.writeFile(randomFillSync(chunk))
  await file.close()
}

/**
 * @param {string} to where the copy is made, and removed after the time is taken
 * @param {(to: string) => Promise<void>} copy
 */
async function timed(to, copy) {
  const started = performance.now()
  await copy(to)
  const seconds = (performance.now() - started) / 1000
  const {size} = await stat(to)
  if (size !== MIB * 1024 * 1024) throw new Error(`${to} has ${size} bytes`)
  await rm(to)
  return (MIB * 1.048576) / seconds
}

/**
 * @param {Sshd} sshd
 * @param {string} from
 * @param {string} to
 */
async function scp(sshd, from, to) {
  const options = ['StrictHostKeyChecking=yes', `UserKnownHostsFile=${sshd.knownHostsPath}`, 'IdentitiesOnly=yes'].flatMap((option) => ['-o', option])
  const child = spawn('scp', ['-q', '-B', '-F', 'none', '-i', sshd.keyPath, '-P', String(sshd.port), ...options, from, to], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`scp ended with ${code}`)
}
