import {existsSync, globSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, beforeEach, expect, jest, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {
  currentVersion,
  installedFolders,
  installedRoot,
  installedSays,
  makeFolderFor,
  makeToolFolder,
  startWithTools,
  TOOLS,
} from '../fixtures/installed-worker.js'
import {NpmRegistry} from '../fixtures/npm-registry.js'
import {publishNode, RUNTIME} from '../fixtures/published-node.js'
import {mountingRefused, mountSmallDisk} from '../fixtures/small-disk.js'
import {type Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {addWords} from '../fixtures/worker-pool.js'

// A Node of 120 MB is packed, sent and unpacked again and again.
jest.setTimeout(300_000)

const VERSION = JSON.parse(readFileSync('package.json', 'utf8')).version

describeUnless(sshdAvailable() ?? RUNTIME.missing, 'an installation that fails', () => {
  const registry = new NpmRegistry()
  const cache = makeHelixHome().root
  const servers: Sshd[] = []
  let home: HelixHome
  let tools: string

  beforeAll(async () => {
    await registry.start()
    publishNode(registry)
  })
  afterAll(async () => {
    await registry.close()
    await Promise.all(servers.map((server) => server.stop()))
  })
  beforeEach(() => {
    home = makeHome()
  })

  function makeHome(): HelixHome {
    return makeHelixHome({HELIX_CACHE_DIR: cache, npm_config_registry: registry.url, npm_config_cache: join(cache, 'npm')})
  }

  // A worker with an installation of its own Node, which is small.
  async function start(names: readonly string[]): Promise<Sshd> {
    tools = makeToolFolder(names)
    const server = await startWithTools(tools)
    servers.push(server)
    return server
  }

  async function install(from: HelixHome, ...flags: string[]) {
    const {code, stdout} = await from.run(['worker', 'install', 'w1', '--json', ...flags])
    return {code, ...JSON.parse(stdout).workers[0]}
  }

  const partial = (server: Sshd) => installedFolders(server).filter((name) => !existsSync(join(installedRoot(server), name, 'installed')))

  function expectWhole(server: Sshd): void {
    expect(installedSays(server, tools)).toContain(`helix-cli/${VERSION} `)
    const copied = globSync('dist/**/*.cjs', {cwd: currentVersion(server)})
    expect(copied).toContain('dist/helix.cjs')
    for (const path of copied) expect(readFileSync(join(currentVersion(server), path)).equals(readFileSync(path))).toBe(true)
  }

  test('because the connection is cut in the middle leaves the old version in use, and the next one clears away what was left', async () => {
    const server = await start(TOOLS)
    await home.run(addWords('w1', server, ['--install']))
    const before = currentVersion(server)
    const cut = install(home, '--force')
    await waitFor(
      'part of the Node',
      () => {
        const [part] = globSync('node/*/parcel.*.part', {cwd: installedRoot(server)})
        return part !== undefined && statSync(join(installedRoot(server), part)).size > 1_000_000
      },
      120_000,
    )
    server.signalConnections('SIGKILL')
    expect(await cut).toMatchObject({code: 69, error: {message: expect.stringContaining('was lost')}})
    const left = partial(server)
    expect(left).toHaveLength(2)
    expect(currentVersion(server)).toBe(before)
    expectWhole(server)
    expect(await install(home, '--force')).toMatchObject({code: 0, installed: true})
    for (const name of left) expect(existsSync(join(installedRoot(server), name))).toBe(false)
    expect(partial(server)).toEqual([])
    expect(currentVersion(server)).not.toBe(before)
    expectWhole(server)
  })

  test('because the process that installs is killed is made good by the next one', async () => {
    const server = await start(TOOLS)
    await home.run(addWords('w1', server))
    const killed = home.spawn(['worker', 'install', 'w1'])
    await waitFor('part of the Node', () => existsSync(installedRoot(server)) && globSync('node/*/parcel.*.part', {cwd: installedRoot(server)})[0], 120_000)
    killed.kill('SIGKILL')
    await waitFor('the end of its connection', () => server.connections().length === 0)
    expect(existsSync(join(installedRoot(server), 'current'))).toBe(false)
    expect(await install(home)).toMatchObject({code: 0, installed: true})
    expect(partial(server)).toEqual([])
    expectWhole(server)
  })

  test('because the Node is for another architecture leaves the old version in use, and nothing of the new one', async () => {
    const server = await start(TOOLS)
    await home.run(addWords('w1', server, ['--install']))
    const before = currentVersion(server)
    // The header of an ELF file for a machine that this is not.
    const other = process.arch === 'arm64' ? ['x64', 'x86_64', 62] : (['arm64', 'aarch64', 183] as const)
    const header = Buffer.alloc(64)
    header.write('\x7fELF\x02\x01\x01', 'latin1')
    header.writeUInt16LE(2, 16)
    header.writeUInt16LE(Number(other[2]), 18)
    publishNode(registry, `node-linux-${other[0]}`, header)
    rmSync(join(tools, 'uname'))
    writeFileSync(join(tools, 'uname'), `#!/bin/sh\ncase $1 in -m) echo ${other[1]} ;; *) echo Linux ;; esac\n`, {mode: 0o755})
    expect(await install(home, '--force')).toMatchObject({
      code: 69,
      error: {code: 'INSTALL_BROKEN', message: expect.stringMatching(/^what was copied does not run there: .+/)},
    })
    expect(currentVersion(server)).toBe(before)
    expect(installedFolders(server)).toHaveLength(2)
    expectWhole(server)
    rmSync(join(tools, 'uname'))
    writeFileSync(join(tools, 'uname'), `#!/bin/sh\nexec /usr/bin/uname "$@"\n`, {mode: 0o755})
    expect(await install(home, '--force')).toMatchObject({code: 0, installed: true})
    expectWhole(server)
  })

  test('because the folder cannot be written says so, and the worker runs tasks', async () => {
    const server = await start(TOOLS)
    await home.run(addWords('w1', server))
    writeFileSync(join(server.home, '.local'), 'not a folder\n')
    expect(await install(home)).toMatchObject({code: 69, error: {code: 'INSTALL_FAILED', message: expect.stringContaining('Not a directory')}})
    rmSync(join(server.home, '.local'))
    expect(await install(home)).toMatchObject({code: 0, installed: true})
    expectWhole(server)
  })

  test.each(['sha256sum', 'cksum'])('because bytes changed on their way, as %s tells, leaves the old version in use', async (sums) => {
    const server = await start([...TOOLS.filter((name) => !['gzip', 'sha256sum', 'cksum'].includes(name)), sums, RUNTIME.path])
    await home.run(addWords('w1', server, ['--install']))
    const before = currentVersion(server)
    writeFileSync(join(tools, 'gzip'), '#!/bin/sh\n/usr/bin/gzip "$@" | sed "s/require/erquire/"\n', {mode: 0o755})
    expect(await install(home, '--force')).toMatchObject({
      code: 69,
      error: {code: 'INSTALL_DAMAGED', message: expect.stringMatching(/ did not arrive as it was sent$/)},
    })
    expect(currentVersion(server)).toBe(before)
    expect(installedFolders(server)).toHaveLength(1)
    expectWhole(server)
    rmSync(join(tools, 'gzip'))
    expect(await install(home, '--force')).toMatchObject({code: 0, installed: true})
    expectWhole(server)
  })

  test('or succeeds beside others at the same time always leaves one whole version in use', async () => {
    const server = await start(TOOLS)
    const homes = [home, makeHome(), makeHome()]
    for (const one of homes) await one.run(addWords('w1', server))
    expect(await install(home)).toMatchObject({code: 0})
    let isOver = false
    const seen = new Set<string>()
    const watch = async () => {
      while (!isOver) {
        seen.add(currentVersion(server))
        const {code, stdout} = await home.run(['worker', 'exec', 'w1', '--', join(currentVersion(server), 'helix'), '--version'])
        expect({code, stdout}).toMatchObject({code: 0, stdout: expect.stringContaining(`helix-cli/${VERSION} `)})
      }
    }
    const watching = watch()
    const installed = await Promise.all(homes.map((one) => install(one, '--force'))).finally(() => {
      isOver = true
    })
    await watching
    expect(installed.map(({code, error}) => ({code, error}))).toEqual(homes.map(() => ({code: 0, error: null})))
    expectWhole(server)
    expect(partial(server)).toEqual([])
    expect(await install(home)).toMatchObject({code: 0, installed: false})
    // When all connections are gone, the next one leaves the last two.
    expect(await install(home, '--force')).toMatchObject({code: 0})
    expect(installedFolders(server).filter((name) => name.startsWith('versions/'))).toHaveLength(2)
    expectWhole(server)
  })

  const smallDisk = mountingRefused()
  describeUnless(smallDisk, 'because the disk is full', () => {
    const disks: [string, string[]][] = [
      ['is refused before anything is sent', [...TOOLS, RUNTIME.path]],
      ['is noticed in the middle where df is missing', [...TOOLS.filter((name) => name !== 'df'), RUNTIME.path]],
    ]
    test.each(disks)('%s, the old version stays in use, and it works when there is room', async (_, names) => {
      const server = await start(names)
      const disk = join(server.home, '.local', 'share')
      makeFolderFor(server, disk)
      const {fill, makeRoom, unmount} = mountSmallDisk(disk, '48m', server.username)
      try {
        await home.run(addWords('w1', server, ['--install']))
        const before = currentVersion(server)
        fill(3_000_000)
        const failed = await install(home, '--force')
        expect(failed.code).toBe(69)
        if (names.includes('df')) {
          expect(failed.error).toMatchObject({
            code: 'INSTALL_NO_SPACE',
            message: expect.stringMatching(/there is no space left in .*: \d+ MB are free, and \d+ MB are needed/),
          })
        }
        expect(currentVersion(server)).toBe(before)
        expect(installedFolders(server)).toHaveLength(1)
        expectWhole(server)
        makeRoom()
        expect(await install(home, '--force')).toMatchObject({code: 0, installed: true})
        expect(currentVersion(server)).not.toBe(before)
        expectWhole(server)
      } finally {
        unmount()
      }
    })
  })
})
