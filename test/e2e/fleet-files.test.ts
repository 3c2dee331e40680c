import {createHash, randomBytes} from 'node:crypto'
import {existsSync, readdirSync, readFileSync, statSync, truncateSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, jest, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish} from '../fixtures/helix.js'
import {sshdAvailable} from '../fixtures/sshd.js'
import {TcpProxy} from '../fixtures/tcp-proxy.js'
import {waitFor} from '../fixtures/wait-for.js'
import {startPool, type WorkerPool} from '../fixtures/worker-pool.js'

// Each test is a handful of commands, several of which connect.
jest.setTimeout(180_000)

describeUnless(sshdAvailable(), 'a GGUF file that is deployed', () => {
  let pool: WorkerPool
  const content = Buffer.concat([Buffer.from('GGUF'), randomBytes(3_000_000)])
  const digest = `sha256:${createHash('sha256').update(content).digest('hex')}`
  const name = "it's -a model.gguf"

  beforeAll(async () => {
    pool = await startPool({size: 2})
    writeFileSync(join(pool.home.root, name), content)
  })
  afterAll(() => pool.close())

  const folderOf = (worker: number) => join(pool.servers[worker]!.home, '.local/share/helix/models')
  /** Names of what is still on its way to a worker. */
  const arriving = (worker: number) => (existsSync(folderOf(worker)) ? readdirSync(folderOf(worker)).filter((file) => file.includes('arriving')) : [])
  const deploy = (...words: string[]) => pool.home.run(['model', 'deploy', ...words])

  test('is on every worker that is meant, byte for byte and for its user alone, and is known to be there', async () => {
    const run = await deploy(`./${name}`, '--all')
    expect(run).toMatchObject({code: 0, stderr: expect.stringMatching(/^(w[12]: copying\n){2}$/)})
    for (const worker of [0, 1]) {
      expect(readFileSync(join(folderOf(worker), name)).equals(content)).toBe(true)
      expect(statSync(join(folderOf(worker), name)).mode & 0o777).toBe(0o600)
      expect(readdirSync(folderOf(worker))).toEqual([name])
    }
    const {models} = JSON.parse((await pool.home.run(['model', 'list', '--worker', 'w2', '--json'])).stdout)
    expect(models).toMatchObject([{provider: 'llamacpp', name: join(folderOf(1), name), worker: 'w2', source: 'deployed', size_bytes: 3_000_004, digest}])
  })

  test('is not sent again, unless what is there is damaged', async () => {
    const path = join(folderOf(0), name)
    const before = statSync(path).ino
    expect(await deploy(name, '--worker', 'w1')).toMatchObject({code: 0, stderr: ''})
    expect(statSync(path).ino).toBe(before)
    truncateSync(path, 1000)
    expect(await deploy(name, '--worker', 'w1')).toMatchObject({code: 0})
    writeFileSync(path, Buffer.alloc(content.length))
    expect(await deploy(join(pool.home.root, name), '--worker', 'w1')).toMatchObject({code: 0})
    expect(readFileSync(path).equals(content)).toBe(true)
  })

  test.each([
    ['./no-such.gguf', /no-such\.gguf cannot be read: ENOENT/],
    ['./text.gguf', /text\.gguf is no GGUF file/],
    ['./big-00001-of-00003.gguf', /one of 3 parts of a model\n.*llama-gguf-split --merge/],
  ])('but is none is refused before any worker is asked: %s', async (path, said) => {
    writeFileSync(join(pool.home.root, 'text.gguf'), 'Dear reader')
    expect(await deploy(path, '--all')).toMatchObject({code: 2, stdout: '', stderr: expect.stringMatching(said)})
  })

  test('and is cut off leaves nothing that could be taken for it, and arrives the next time', async () => {
    const {server} = pool
    const proxy = await TcpProxy.start(server.port)
    const words = ['--key', server.keyPath, '--host-key', server.hostKeyFingerprint]
    expect(await pool.home.run(['worker', 'add', 'far', `${server.username}@localhost:${proxy.port}`, ...words])).toMatchObject({code: 0})
    const big = Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(20_000_000, 'all the weights there are')])
    writeFileSync(join(pool.home.root, 'big.gguf'), big)
    const child = pool.home.spawn(['model', 'deploy', 'big.gguf', '--worker', 'far'])
    const ended = finish(child)
    await waitFor('the copy to begin', () => arriving(0).length > 0)
    proxy.cut()
    const {code, stderr} = await ended
    expect([code, stderr]).toEqual([69, expect.stringMatching(/^Error: far: /m)])
    expect(readdirSync(folderOf(0))).not.toContain('big.gguf')
    expect(await deploy('big.gguf', '--worker', 'far')).toMatchObject({code: 0})
    expect(readFileSync(join(folderOf(0), 'big.gguf')).equals(big)).toBe(true)
    expect(arriving(0)).toEqual([])
    await proxy.stop()
  })

  test('and is interrupted ends within a second', async () => {
    writeFileSync(join(pool.home.root, 'other.gguf'), Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(60_000_000, 'x')]))
    const child = pool.home.spawn(['model', 'deploy', 'other.gguf', '--worker', 'w2'])
    const ended = finish(child)
    await waitFor('the copy to begin', () => arriving(1).length > 0)
    const since = performance.now()
    child.kill('SIGINT')
    expect(await ended).toMatchObject({code: 130, stderr: expect.stringContaining('Error: w2: cancelled')})
    expect(performance.now() - since).toBeLessThan(3000)
    expect(readdirSync(folderOf(1))).not.toContain('other.gguf')
  })
})
