import {spawn} from 'node:child_process'
import {existsSync, globSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, beforeEach, expect, jest, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {
  BUSYBOX,
  currentVersion,
  installedFolders,
  installedRoot,
  installedSays,
  makeBusyboxFolder,
  makeToolFolder,
  startWithTools,
  TOOLS,
} from '../fixtures/installed-worker.js'
import {NpmRegistry} from '../fixtures/npm-registry.js'
import {publishNode, RUNTIME, SMALL_NODE} from '../fixtures/published-node.js'
import {type Sshd, type SshdOptions, sshdAvailable} from '../fixtures/sshd.js'
import {addWords, RunLog} from '../fixtures/worker-pool.js'

// A Node of 120 MB is packed, sent and unpacked again and again.
jest.setTimeout(300_000)

const VERSION = JSON.parse(readFileSync('package.json', 'utf8')).version

describeUnless(sshdAvailable() ?? RUNTIME.missing, 'a worker without Node, root, network', () => {
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
    home = makeHelixHome({
      ...{HELIX_CACHE_DIR: cache, HELIX_WORKERS__AUTO_INSTALL: 'true'},
      ...{npm_config_registry: registry.url, npm_config_cache: join(cache, 'npm')},
    })
    registry.requests.length = 0
  })

  async function start(names: readonly string[] = TOOLS, options: SshdOptions = {}, folder = makeToolFolder(names)): Promise<Sshd> {
    tools = folder
    const server = await startWithTools(tools, options)
    servers.push(server)
    return server
  }

  async function install(...flags: string[]) {
    const {code, stdout, stderr} = await home.run(['worker', 'install', 'w1', '--json', ...flags])
    return {code, stderr, ...JSON.parse(stdout).workers[0]}
  }

  const says = (server: Sshd) => installedSays(server, tools)

  test('gets Helix and a Node when it is added, each step of which is told with its time', async () => {
    const server = await start()
    const added = await home.run(addWords('w1', server))
    expect(added).toMatchObject({code: 0, stdout: expect.stringMatching(/^Added w1 /)})
    expect(added.stderr.replaceAll(/\(\d+ ms\)/g, '()').split('\n')).toEqual([
      expect.stringMatching(/^✓ connect: .*, host key SHA256:.* \(\)$/),
      '✓ check installation: no Helix; no Node on the PATH ()',
      expect.stringMatching(new RegExp(`^✓ install: Helix ${VERSION}-[0-9a-f]{12} on .*/node/${RUNTIME.version}\\..*/bin/node, \\d+\\.\\d MB sent \\(\\)$`)),
      expect.stringMatching(/^✓ discover: linux \w+, \d+ CPUs?, [\d.]+ GiB memory,(?!.*\blinux\b).* \(\)$/),
      '✓ register: w1 with 1 slot ()',
      '',
    ])
    expect(says(server)).toBe(`helix-cli/${VERSION} linux-${process.arch} node-v${RUNTIME.version}\n`)
    expect(statSync(installedRoot(server)).mode & 0o077).toBe(0)
    expect(await home.run(['task', 'run', '--', 'echo', 'ran'])).toMatchObject({code: 0, stdout: 'ran\n'})
  })

  test('is told to have it already, quickly and without sending or asking for anything, until --force', async () => {
    const server = await start()
    await home.run(addWords('w1', server))
    const before = currentVersion(server)
    registry.requests.length = 0
    expect(await install()).toMatchObject({code: 0, installed: false, sent_bytes: 0, version: expect.stringContaining(VERSION), error: null})
    expect(currentVersion(server)).toBe(before)
    expect(registry.requests).toEqual([])
    const again = await install('--force')
    expect(again).toMatchObject({code: 0, installed: true, steps: [{step: 'connect'}, {step: 'check installation'}, {step: 'install', outcome: 'done'}]})
    expect(again.sent_bytes).toBeGreaterThan(1_000_000)
    expect(currentVersion(server)).not.toBe(before)
    expect(says(server)).toContain(VERSION)
  })

  test('keeps the last two versions, and one more as long as something runs from it', async () => {
    const server = await start()
    await home.run(addWords('w1', server))
    const used = currentVersion(server)
    const node = readFileSync(join(used, 'node'), 'utf8').trim()
    const running = spawn(node, ['--eval', 'process.stdin.resume()', join(used, 'dist', 'agent.cjs')], {stdio: ['pipe', 'ignore', 'ignore']})
    for (let count = 0; count < 3; count++) expect(await install('--force')).toMatchObject({code: 0})
    expect(existsSync(join(used, 'bin', 'run.js'))).toBe(true)
    expect(installedFolders(server).filter((name) => name.startsWith('versions/'))).toHaveLength(3)
    const ended = new Promise((resolve) => running.once('exit', resolve))
    running.kill('SIGKILL')
    await ended
    expect(await install('--force')).toMatchObject({code: 0})
    expect(existsSync(used)).toBe(false)
    expect(existsSync(node)).toBe(false)
    expect(installedFolders(server)).toHaveLength(4)
    expect(says(server)).toContain(VERSION)
  })

  const without = (...names: string[]) => TOOLS.filter((name) => !names.includes(name))
  const bare: [string, string[], SshdOptions][] = [
    ['gzip and SHA-256', without('gzip', 'sha256sum'), {}],
    ['any checksum, df and ps', without('sha256sum', 'cksum', 'df', 'ps'), {}],
    ['SFTP', TOOLS, {sftp: 'none'}],
    ['a POSIX login shell', TOOLS, {shell: '/usr/bin/fish'}],
    ['more than one session at a time', TOOLS, {config: ['MaxSessions 1']}],
  ]
  test.each(bare)('gets it without %s', async (_, names, options: SshdOptions) => {
    const server = await start(names, options)
    expect(await home.run(addWords('w1', server, ['--json']))).toMatchObject({code: 0, stdout: expect.stringContaining('MB sent')})
    expect(says(server)).toContain(VERSION)
    const copied = globSync('dist/**/*.cjs', {cwd: currentVersion(server)})
    expect(copied).toContain('dist/helix.cjs')
    for (const path of copied) expect(readFileSync(join(currentVersion(server), path)).equals(readFileSync(path))).toBe(true)
  })

  const noBusybox = BUSYBOX === undefined ? 'there is no busybox here' : undefined
  describeUnless(noBusybox, 'whose tools are all of busybox', () => {
    test('gets it too', async () => {
      const server = await start([], {}, makeBusyboxFolder())
      expect(await home.run(addWords('w1', server, ['--json']))).toMatchObject({code: 0, stdout: expect.stringContaining('MB sent')})
      expect(await install('--force')).toMatchObject({code: 0, installed: true})
      expect(await install('--force')).toMatchObject({code: 0, installed: true})
      expect(installedFolders(server)).toHaveLength(4)
      expect(says(server)).toContain(VERSION)
    })
  })

  test('has its own Node used when that is new enough', async () => {
    const server = await start([...TOOLS, RUNTIME.path])
    expect(await home.run(addWords('w1', server, ['--json']))).toMatchObject({code: 0, stdout: expect.stringContaining(`on ${tools}/node, `)})
    expect(installedFolders(server)).toEqual([expect.stringMatching(/^versions\//)])
    expect(registry.requests).toEqual([])
    expect(says(server)).toContain(VERSION)
  })

  test('gets nothing with workers.auto_install off, or --no-install, and runs tasks all the same', async () => {
    for (const [env, flags] of [[{HELIX_WORKERS__AUTO_INSTALL: 'false'}, []] as const, [{}, ['--no-install']] as const]) {
      const server = await start()
      home = makeHelixHome({...home.env, HELIX_DATA_DIR: makeHelixHome().dataDir})
      const added = await home.run(addWords('w1', server, flags), {env})
      expect(added).toMatchObject({code: 0, stderr: expect.stringContaining('\n- install: ')})
      expect(existsSync(installedRoot(server))).toBe(false)
      const tested = await home.run(['worker', 'test', 'w1'])
      expect(tested).toMatchObject({code: 0, stdout: expect.stringContaining('✓ check installation: no Helix;')})
      expect(await home.run(['task', 'run', '--', 'echo', 'ran'])).toMatchObject({code: 0, stdout: 'ran\n'})
      expect(existsSync(installedRoot(server))).toBe(false)
    }
  })

  test('is added with the reason when nothing can be installed, for which worker install exits with 69', async () => {
    const server = await start()
    const ran = new RunLog()
    const env = {npm_config_registry: 'http://127.0.0.1:1/', npm_config_fetch_retries: '0', HELIX_CACHE_DIR: makeHelixHome().root}
    const added = await home.run(addWords('w1', server), {env})
    expect(added.code).toBe(0)
    expect(added.stderr).toMatch(/\n✗ install: npm cannot reach its registry for node-linux-[^\n]*\n✓ discover: [^\n]*\n✓ register: /)
    expect(await home.run(['task', 'run', '--', 'sh', '-c', `echo ran >> ${ran.path}`])).toMatchObject({code: 0})
    expect(ran.lines).toEqual(['ran'])
    const failed = await home.run(['worker', 'install', 'w1'], {env})
    expect(failed).toMatchObject({code: 69, stdout: expect.stringMatching(/^✓ connect: .*\n✓ check installation: .*\n$/)})
    expect(failed.stderr).toMatch(/^Error: w1: npm cannot reach its registry [^\n]+\n[^\n]+\n$/)
    ran.remove()
  })

  test('gets no Node that is not what the registry vouches for, and a fresh one when the cached one is damaged', async () => {
    const server = await start()
    const own = makeHelixHome().root
    const mirror = new NpmRegistry()
    await mirror.start()
    publishNode(mirror, RUNTIME.name, SMALL_NODE)
    mirror.damage(RUNTIME.name, RUNTIME.version)
    home = makeHelixHome({...home.env, HELIX_CACHE_DIR: own, npm_config_cache: join(own, 'npm'), npm_config_registry: mirror.url})
    await home.run(addWords('w1', server, ['--no-install']))
    expect(await install()).toMatchObject({code: 69, error: {code: 'PACKAGE_DAMAGED', message: expect.stringContaining('SHA-512')}})
    expect(existsSync(installedRoot(server))).toBe(false)
    publishNode(mirror, RUNTIME.name, SMALL_NODE)
    expect(await install()).toMatchObject({code: 0, installed: true})
    const [packed = ''] = globSync(join(own, 'workers', 'runtimes', '*', 'node.gz'))
    writeFileSync(packed, 'damaged')
    rmSync(installedRoot(server), {recursive: true})
    mirror.requests.length = 0
    expect(await install()).toMatchObject({code: 0, installed: true})
    expect(mirror.requests).not.toEqual([])
    expect(says(server)).toContain(VERSION)
    await mirror.close()
  })

  test('is told apart from a machine for which the registry has no Node', async () => {
    const server = await start(without('uname'))
    writeFileSync(join(tools, 'uname'), '#!/bin/sh\ncase $1 in -m) echo riscv64 ;; *) echo Linux ;; esac\n', {mode: 0o755})
    await home.run(addWords('w1', server, ['--no-install']))
    const refused = await home.run(['worker', 'install', 'w1'])
    expect(refused).toMatchObject({
      code: 69,
      stderr: expect.stringMatching(/^Error: w1: there is no fitting Node on the worker, and .*node-linux-riscv64.*\n[^\n]+\n$/),
    })
  })
})

test('a command line that names no workers, or both names and --all, is refused', async () => {
  const home = makeHelixHome()
  for (const words of [[], ['w1', '--all'], ['local'], ['nobody']]) {
    expect(await home.run(['worker', 'install', ...words])).toMatchObject({code: 2, stdout: '', stderr: expect.stringMatching(/^Error: /)})
  }
})
