// How fast a large file gets to a worker and back: Helix's two transports beside OpenSSH's scp.
// @ts-check
import {spawn} from 'node:child_process'
import {randomFillSync} from 'node:crypto'
import {once} from 'node:events'
import {chmod, open, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {connectTo} from '../test/fixtures/ssh-connection.js'
import {Sshd} from '../test/fixtures/sshd.js'
import {line, measureRounds, median, show, verdict} from './rounds.js'

const MIB = Number(process.env.HELIX_BENCH_MIB ?? 1024)
const ROUNDS = 3
const LEAST = 0.8

export async function measure() {
  const sshd = await Sshd.start()
  try {
    const local = join(sshd.folder, 'local')
    const remote = join(sshd.home, 'remote')
    for (const path of [local, remote]) await writeRandom(path)
    await chmod(remote, 0o644)
    console.log(`${ROUNDS} rounds: one file of ${MIB} MiB that cannot be compressed, to a loopback sshd and from it, with the ciphers that each side`)
    console.log('prefers. scp logs in each time, as it does for a user; Helix has its connection already.\n')
    const ssh2 = await connectTo(sshd)
    const openssh = await connectTo(sshd, {transport: 'openssh'})
    const target = `${sshd.username}@${sshd.host}`
    const up = await measureRounds(
      {
        'up, scp': () => timed(() => scp(sshd, local, `${target}:${join(sshd.home, 'by-scp')}`)),
        'up, Helix, ssh2': () => timed(() => ssh2.upload(local, join(sshd.home, 'by-ssh2'))),
        'up, Helix, openssh': () => timed(() => openssh.upload(local, join(sshd.home, 'by-openssh'))),
      },
      ROUNDS,
    )
    const down = await measureRounds(
      {
        'down, scp': () => timed(() => scp(sshd, `${target}:${remote}`, join(sshd.folder, 'by-scp'))),
        'down, Helix, ssh2': () => timed(() => ssh2.download(remote, join(sshd.folder, 'by-ssh2'))),
        'down, Helix, openssh': () => timed(() => openssh.download(remote, join(sshd.folder, 'by-openssh'))),
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

/** @param {() => Promise<void>} copy */
async function timed(copy) {
  const started = performance.now()
  await copy()
  return (MIB * 1.048576) / ((performance.now() - started) / 1000)
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
  if (to.startsWith('/')) await rm(to)
}
