import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {AutoInstaller} from '../../../src/core/workers/install/auto-installer.js'
import {findWorker, insertWorker} from '../../../src/core/workers/worker-store.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {makeHelixHome} from '../../fixtures/helix.js'
import {installedRoot, makeToolFolder, startWithTools, TOOLS} from '../../fixtures/installed-worker.js'
import {openTestStore} from '../../fixtures/queue.js'
import {connectTo, settingsFor} from '../../fixtures/ssh-connection.js'
import {type Sshd, sshdAvailable} from '../../fixtures/sshd.js'

describeUnless(sshdAvailable(), 'a coordinator that sees to the Helix of its workers', () => {
  const home = makeHelixHome()
  const said: string[] = []
  const note = (message: string) => void said.push(message)
  let server: Sshd
  let store: Awaited<ReturnType<typeof openTestStore>>

  beforeAll(async () => {
    server = await startWithTools(makeToolFolder([...TOOLS, process.execPath]))
    store = await openTestStore(`sqlite:${join(home.root, 'helix.db')}`)
    const {host: hostname, port, username} = server
    await insertWorker(store, {name: 'w1', hostname, port, username, origin: 'command', settings: settingsFor(server), capabilities: [], labels: {}, slots: 1})
  })
  afterAll(async () => {
    await store.close()
    await server.stop()
  })

  const worker = () => findWorker({store, hostId: ''}, 'w1')
  const make = (cacheDir: string) => new AutoInstaller(store, {packageRoot: process.cwd(), cacheDir}, {debug: note, info: note, warn: note})

  test('says what it installed and remembers the version, once however often it is asked', async () => {
    const installer = make(join(home.root, 'cache'))
    const transport = await connectTo(server)
    const [version, same] = await Promise.all([installer.ensureInstalled(await worker(), transport), installer.ensureInstalled(await worker(), transport)])
    expect(version).toMatch(/^\d+\.\d+\.\d+-[0-9a-f]{12}$/)
    expect(same).toBe(version)
    expect(said).toEqual([`installed Helix ${version} on w1`])
    expect(await worker()).toMatchObject({helix_version: version})
    expect(existsSync(join(installedRoot(server), 'current'))).toBe(true)
    expect(await make(join(home.root, 'cache')).ensureInstalled(await worker(), transport)).toBe(version)
    expect(said).toHaveLength(1)
    await transport.close()
  })

  test('never fails: it warns, and the worker keeps its shell', async () => {
    said.length = 0
    const transport = await connectTo(server)
    await transport.close()
    expect(await make(join(home.root, 'cache')).ensureInstalled(await worker(), transport)).toBeUndefined()
    expect(said).toEqual([expect.stringMatching(/^Helix is not installed on w1, which runs tasks by its shell: .+/)])
  })
})
