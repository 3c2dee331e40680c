import {execFile} from 'node:child_process'
import {rmSync} from 'node:fs'
import {join} from 'node:path'
import {setTimeout as delay} from 'node:timers/promises'
import {promisify} from 'node:util'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {build} from 'esbuild'
import {ConnectionPool} from '../../../src/core/ssh/connection-pool.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {connectTo, isolatedConfig, ownKnownHosts, run, settingsFor} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'

describeUnless(sshdAvailable(), 'the connections to the workers', () => {
  let sshd: Sshd

  beforeAll(async () => {
    sshd = await Sshd.start()
  })
  afterAll(() => sshd?.stop())

  test('are one for each worker, opened a few at a time', async () => {
    const pool = new ConnectionPool(3)
    let opening = 0
    let most = 0
    const open = async () => {
      opening += 1
      most = Math.max(most, opening)
      const connection = connectTo(sshd)
      // On a slow machine one may take longer than its turn, which is 2 s.
      void Promise.race([connection, delay(1900)]).finally(() => {
        opening -= 1
      })
      return connection
    }
    const ids = Array.from({length: 12}, (_, index) => `worker-${index % 6}`)
    const transports = await Promise.all(ids.map((id) => pool.get(id, open)))
    expect(new Set(transports).size).toBe(6)
    expect(most).toBe(3)
    expect(await Promise.all(transports.map((transport) => run(transport, 'echo ok')))).toMatchObject(Array(12).fill({stdout: 'ok\n'}))
    await pool.close()
    await Promise.all(transports.map((transport) => expect(transport.closed).resolves.toBeUndefined()))
    await expect(pool.get('worker-7', open)).rejects.toMatchObject({code: 'POOL_CLOSED'})
  })

  test('are opened anew after a loss, a drop or a failure', async () => {
    const pool = new ConnectionPool()
    const open = () => connectTo(sshd)
    const first = await pool.get('worker', open)
    expect(await pool.get('worker', open)).toBe(first)
    sshd.signalConnections('SIGKILL')
    await first.closed
    const second = await pool.get('worker', open)
    expect(second).not.toBe(first)
    await pool.drop('worker')
    await expect(pool.get('worker', () => connectTo(sshd, {port: 1}))).rejects.toMatchObject({code: 'CONNECT_FAILED'})
    expect((await run(await pool.get('worker', open), 'echo again')).stdout).toBe('again\n')
    await pool.close()
  })

  test('let the process end once they are closed, also in a bundle without ssh2’s native parts', async () => {
    const script = join(process.cwd(), `node_modules/.helix-test-${process.pid}.mjs`)
    const source = `
      import {openConnection} from './src/core/ssh/open-connection.ts'
      const [settings, policy, options] = JSON.parse(process.argv[2])
      const transport = await openConnection(settings, policy, options)
      const child = await transport.exec('echo bundled')
      child.stdout.pipe(process.stdout)
      await child.exit
      await transport.readRange('/etc/passwd', 1, 10)
      await transport.close()`
    const banner = {js: "import {createRequire} from 'node:module'; const require = createRequire(import.meta.url); const __dirname = import.meta.dirname;"}
    const external = ['cpu-features', '*.node', '@napi-rs/keyring']
    await build({stdin: {contents: source, resolveDir: process.cwd()}, bundle: true, platform: 'node', format: 'esm', outfile: script, external, banner})
    const input = JSON.stringify([settingsFor(sshd), {ownFile: ownKnownHosts(sshd)}, {configFile: isolatedConfig(sshd)}])
    const {stdout, stderr} = await promisify(execFile)(process.execPath, [script, input], {timeout: 20_000})
    rmSync(script)
    expect({stdout, stderr}).toEqual({stdout: 'bundled\n', stderr: ''})
  })
})
