import {execFileSync} from 'node:child_process'
import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals'
import {installPackage} from '../../../src/core/providers/install-package.js'
import {findPackage} from '../../../src/core/providers/installed-package.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {NpmRegistry} from '../../fixtures/npm-registry.js'
import {waitFor} from '../../fixtures/wait-for.js'

const heavy = {name: 'heavy', version: '1.0.0', unneeded: () => ['heavy-gpu']}

let registry: NpmRegistry
let root: string
let parent: string
let folder: string
const environment = {...process.env}

beforeEach(async () => {
  registry = new NpmRegistry()
  await registry.start()
  root = mkdtempSync(join(tmpdir(), 'helix-install-'))
  parent = join(root, 'packages')
  folder = join(parent, 'heavy')
  Object.assign(process.env, {npm_config_registry: registry.url, npm_config_cache: join(root, 'cache'), npm_config_userconfig: join(root, 'npmrc')})
  publishHeavy('export const build = "cpu"')
  registry.publish({name: 'heavy-gpu', files: {'index.js': `module.exports = ${JSON.stringify('gpu'.repeat(10_000))}`}})
  registry.publish({name: 'empty-npm-package', files: {'index.js': ''}})
})
afterEach(async () => {
  process.env = {...environment}
  await registry.close()
  rmSync(root, {recursive: true, force: true})
})

function publishHeavy(code: string): void {
  registry.publish({
    name: 'heavy',
    files: {'index.js': code},
    manifest: {type: 'module', optionalDependencies: {'heavy-gpu': '1.0.0'}, scripts: {install: `echo > ${join(root, 'script-ran')}`}},
  })
}

function installed(path: string): string {
  return readFileSync(join(folder, 'node_modules', path), 'utf8')
}

describe('installPackage', () => {
  test('brings the package at its version, an empty one in place of what is unneeded, and runs no script', async () => {
    const lines: string[] = []
    const result = await installPackage(heavy, folder, {onOutput: (line) => lines.push(line)})
    expect(result).toEqual({name: 'heavy', version: '1.0.0', bytes: expect.any(Number), folder})
    expect(result.bytes).toBeGreaterThan(200)
    expect(result.bytes).toBeLessThan(10_000)
    expect(JSON.parse(installed('heavy-gpu/package.json')).name).toBe('empty-npm-package')
    expect(registry.requests).not.toContain('/tarballs/heavy-gpu-1.0.0.tgz')
    expect(existsSync(join(root, 'script-ran'))).toBe(false)
    expect(lines.join('\n')).toMatch(/added 2 packages/)
    const found = await findPackage(folder, 'heavy')
    expect(found?.version).toBe('1.0.0')
    expect(await import(String(found?.entry))).toMatchObject({build: 'cpu'})
    expect(readdirSync(parent)).toEqual(['heavy'])
  })

  test('two at once end with one whole installation', async () => {
    await Promise.all([installPackage(heavy, folder), installPackage(heavy, folder)])
    expect(installed('heavy/index.js')).toContain('cpu')
    expect(readdirSync(parent)).toEqual(['heavy'])
  })

  test('a package that does not load is refused with its reason, and the old one stays', async () => {
    await installPackage(heavy, folder)
    rmSync(join(root, 'cache'), {recursive: true})
    publishHeavy('throw new TypeError("wrong machine")')
    await expect(installPackage(heavy, folder)).rejects.toMatchObject({
      kind: 'unavailable',
      code: 'PACKAGE_BROKEN',
      message: 'heavy is installed but does not load: TypeError: wrong machine',
    })
    expect(installed('heavy/index.js')).toContain('cpu')
    expect(readdirSync(parent)).toEqual(['heavy'])
  })

  test('a version that there is not is said in one line', async () => {
    const error = await installPackage({...heavy, version: '9.9.9'}, folder).catch((thrown) => thrown)
    expect(error).toMatchObject({kind: 'unavailable', code: 'INSTALL_FAILED'})
    expect(error.message).toMatch(/^npm could not install heavy 9\.9\.9: No matching version found for heavy@9\.9\.9.*$/)
    expect(readdirSync(parent)).toEqual([])
  })

  test('a registry that cannot be reached is named without the password in its address', async () => {
    const port = await unusedPort()
    process.env.npm_config_registry = `http://someone:hunter2hunter2@127.0.0.1:${port}/`
    process.env.npm_config_fetch_retries = '0'
    const error = await installPackage(heavy, folder).catch((thrown) => thrown)
    expect(error).toMatchObject({kind: 'unavailable', code: 'REGISTRY_UNREACHABLE', hint: expect.stringContaining('npm config get registry')})
    expect(error.message).toMatch(/^npm cannot reach its registry for heavy 1\.0\.0: .*ECONNREFUSED.*$/)
    expect(error.message).not.toContain('hunter2')
    expect(readdirSync(parent)).toEqual([])
  })

  test('without npm it says so', async () => {
    process.env.PATH = root
    await expect(installPackage(heavy, folder)).rejects.toMatchObject({kind: 'config', code: 'NPM_MISSING'})
    expect(readdirSync(parent)).toEqual([])
  })

  test('ends soon when it is cancelled, and leaves nothing', async () => {
    registry.isStalled = true
    const controller = new AbortController()
    const installation = installPackage(heavy, folder, {signal: controller.signal}).catch((thrown) => thrown)
    await waitFor('npm asks the registry', () => registry.requests.length > 0)
    const cancelled = performance.now()
    controller.abort()
    expect(await installation).toMatchObject({kind: 'interrupted', code: 'CANCELLED'})
    expect(performance.now() - cancelled).toBeLessThan(3000)
    expect(readdirSync(parent)).toEqual([])
  })

  test('what a killed process left is put back or removed', async () => {
    const pid = endedProcess()
    mkdirSync(join(parent, `heavy.new-${pid}-0123abcd`), {recursive: true})
    mkdirSync(join(parent, `heavy.old-${pid}-0123abcd`))
    writeFileSync(join(parent, `heavy.old-${pid}-0123abcd`, 'kept'), '')
    await expect(installPackage({...heavy, version: '9.9.9'}, folder)).rejects.toMatchObject({code: 'INSTALL_FAILED'})
    expect(readdirSync(parent)).toEqual(['heavy'])
    expect(readdirSync(folder)).toEqual(['kept'])
  })
})

describeUnless(process.getuid?.() === 0 ? undefined : 'mounting a small disk needs root', 'installPackage on a full disk', () => {
  beforeEach(() => {
    mkdirSync(parent)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', parent])
  })
  afterEach(() => {
    execFileSync('umount', ['-l', parent])
  })

  test('says that there is no space and leaves none taken', async () => {
    publishHeavy(`export const build = "${'cpu'.repeat(1_000_000)}"`)
    await expect(installPackage(heavy, folder)).rejects.toMatchObject({kind: 'unavailable', code: 'DISK_FULL'})
    expect(readdirSync(parent)).toEqual([])
  })
})

/** A port of this machine at which nothing listens. */
async function unusedPort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const {port} = server.address() as {port: number}
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The number of a process that has ended. */
function endedProcess(): number {
  return Number(execFileSync('sh', ['-c', 'echo $$'], {encoding: 'utf8'}))
}
