import {execFileSync} from 'node:child_process'
import {createHash, randomBytes} from 'node:crypto'
import {existsSync, globSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish} from '../fixtures/helix.js'
import {mountingRefused, mountSmallDisk} from '../fixtures/small-disk.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {startPool, type WorkerPool} from '../fixtures/worker-pool.js'

const NEW = randomBytes(64 << 20)
const OLD = randomBytes(1 << 20)
const sumOf = (content: Buffer) => createHash('sha256').update(content).digest('hex')

describeUnless(sshdAvailable(), 'a file of a task', () => {
  let pool: WorkerPool
  let here: string
  let there: string

  beforeAll(async () => {
    pool = await startPool({slots: 2})
    here = join(pool.home.root, 'here')
    there = join(pool.server.home, 'there')
    for (const folder of [here, there]) mkdirSync(folder)
    if (process.getuid?.() === 0) execFileSync('chown', [pool.server.username, there])
  })
  afterAll(() => pool.close())

  const put = (folder: string, name: string, content: Buffer) => {
    writeFileSync(join(folder, name), content)
    if (folder === there && process.getuid?.() === 0) execFileSync('chown', [pool.server.username, join(folder, name)])
  }
  const sumAt = (folder: string, name: string) => sumOf(readFileSync(join(folder, name)))
  /** Cuts the connection once a part of the copy is there; what the place held by then. */
  const cutInTheMiddle = async (folder: string, name: string) => {
    await waitFor('part of the copy', () =>
      globSync(`${name}.*`, {cwd: folder}).some((part) => existsSync(join(folder, part)) && statSync(join(folder, part)).size > 1 << 20),
    )
    pool.server.signalConnections('SIGKILL')
    return sumAt(folder, name)
  }

  test('that is sent and cut off stays as it was over there, is sent again, and nothing is left of the first time', async () => {
    put(here, 'up', NEW)
    put(there, 'up', OLD)
    const run = finish(pool.home.spawn(['task', 'run', '--worker', 'w1', '--cwd', there, '--upload', join(here, 'up'), '--', 'sha256sum', 'up']))
    expect(await cutInTheMiddle(there, 'up')).toBe(sumOf(OLD))
    expect(await run).toMatchObject({code: 0, stdout: `${sumOf(NEW)}  up\n`})
    expect(sumAt(there, 'up')).toBe(sumOf(NEW))
    expect(readdirSync(there)).toEqual(['up'])
  })

  test('that is fetched and cut off stays as it was here, and is fetched again without another run', async () => {
    put(there, 'down', NEW)
    put(here, 'down', OLD)
    const script = 'echo ran >> ran'
    const run = finish(
      pool.home.spawn(['task', 'run', '--json', '--worker', 'w1', '--cwd', there, '--download', `down:${here}/down`, '--', 'sh', '-c', script]),
    )
    expect(await cutInTheMiddle(here, 'down')).toBe(sumOf(OLD))
    expect(await run).toMatchObject({code: 0})
    expect(sumAt(here, 'down')).toBe(sumOf(NEW))
    expect(readFileSync(join(there, 'ran'), 'utf8')).toBe('ran\n')
    expect(readdirSync(here).filter((name) => name.startsWith('down'))).toEqual(['down'])
  })

  describeUnless(mountingRefused(), 'for which there is no room here', () => {
    test('stays as it was, the task has failed saying so, and it is there once there is room', async () => {
      const small = join(pool.home.root, 'small')
      mkdirSync(small)
      const disk = mountSmallDisk(small, '80m', 'root')
      try {
        put(there, 'down', NEW)
        put(small, 'down', OLD)
        disk.fill(20 << 20)
        const fetch = () => pool.home.run(['task', 'run', '--json', '--worker', 'w1', '--cwd', there, '--download', `down:${small}/down`, '--', 'true'])
        expect(JSON.parse((await fetch()).stdout)).toMatchObject({
          status: 'failed',
          failure_kind: 'host',
          exit_code: 0,
          error: expect.stringMatching(/ENOSPC|space/),
        })
        expect(sumAt(small, 'down')).toBe(sumOf(OLD))
        expect(readdirSync(small).toSorted()).toEqual(['down', 'filler'])
        disk.makeRoom()
        expect(await fetch()).toMatchObject({code: 0})
        expect(sumAt(small, 'down')).toBe(sumOf(NEW))
      } finally {
        disk.unmount()
      }
    })
  })
})
