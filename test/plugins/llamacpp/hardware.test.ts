import {mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs'
import {availableParallelism, tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals'
import {unneededBuilds} from '../../../src/plugins/llamacpp/builds.js'
import {freeGroupMemory, IdleCores} from '../../../src/plugins/llamacpp/hardware.js'
import {Pace} from '../../../src/plugins/llamacpp/pace.js'

const MB = 1024 * 1024

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'helix-hardware-'))
})
afterEach(() => rmSync(root, {recursive: true}))

function write(files: Record<string, string | number>): void {
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(root, file)), {recursive: true})
    writeFileSync(join(root, file), `${content}\n`)
  }
}

describe('freeGroupMemory', () => {
  test('is what the narrowest group above leaves, cached files not counted as used', async () => {
    write({
      'proc/self/cgroup': '0::/user.slice/helix.service',
      'sys/fs/cgroup/user.slice/helix.service/memory.max': 'max',
      'sys/fs/cgroup/user.slice/helix.service/memory.current': 300 * MB,
      'sys/fs/cgroup/user.slice/memory.max': 1000 * MB,
      'sys/fs/cgroup/user.slice/memory.current': 700 * MB,
      'sys/fs/cgroup/user.slice/memory.stat': `anon ${400 * MB}\ninactive_file ${200 * MB}\nactive_file ${100 * MB}`,
    })
    expect(await freeGroupMemory(root)).toBe(600 * MB)
  })

  test('is that of a container that sees its own group as the root', async () => {
    write({
      'proc/self/cgroup': '4:memory:/docker/0123abcd\n0::/',
      'sys/fs/cgroup/memory/memory.limit_in_bytes': 512 * MB,
      'sys/fs/cgroup/memory/memory.usage_in_bytes': 400 * MB,
      'sys/fs/cgroup/memory/memory.stat': `active_file 1\ntotal_inactive_file ${50 * MB}\ntotal_active_file ${50 * MB}`,
    })
    expect(await freeGroupMemory(root)).toBe(212 * MB)
  })

  test('is without end where there are no groups', async () => {
    expect(await freeGroupMemory(root)).toBe(Number.POSITIVE_INFINITY)
  })
})

describe('IdleCores', () => {
  test('counts what this process uses as free, and never more cores than there are', () => {
    const cores = new IdleCores()
    const until = performance.now() + 300
    while (performance.now() < until);
    expect(cores.read()).toBeGreaterThanOrEqual(1)
    expect(cores.read()).toBeLessThanOrEqual(availableParallelism())
  })
})

describe('Pace', () => {
  test('takes less of a prompt at once the slower it goes, and all that fits where it goes fast', () => {
    const slow = new Pace()
    slow.begin(new AbortController().signal)
    expect(slow.next(5000, 512)).toBe(32)
    const until = performance.now() + 500
    while (performance.now() < until);
    expect(slow.next(5000, 512)).toBeLessThanOrEqual(16)

    const fast = new Pace()
    fast.begin(new AbortController().signal)
    expect([fast.next(5000, 512), fast.next(5000, 512), fast.next(5000, 512), fast.next(5000, 512)]).toEqual([32, 128, 512, 512])
    expect(fast.next(3, 512)).toBe(3)
  })

  test('takes nothing for a request that was cancelled', () => {
    const pace = new Pace()
    pace.begin(AbortSignal.abort(new Error('enough')))
    expect(() => pace.next(10, 512)).toThrow('enough')
  })
})

describe('unneededBuilds', () => {
  const linux = {platform: 'linux', arch: 'x64'} as const

  test('without a GPU are all but the one for the machine', () => {
    const unneeded = unneededBuilds(linux, () => false)
    expect(unneeded).not.toContain('@node-llama-cpp/linux-x64')
    expect(unneeded).toHaveLength(13)
  })

  test('leave those for a GPU whose driver is there', () => {
    const withNvidia = unneededBuilds(linux, (path) => path.endsWith('/libnvidia-ml.so.1'))
    expect(withNvidia).toContain('@node-llama-cpp/linux-x64-vulkan')
    expect(withNvidia).not.toContain('@node-llama-cpp/linux-x64-cuda')
    expect(withNvidia).not.toContain('@node-llama-cpp/linux-x64-cuda-ext')
    expect(unneededBuilds(linux, (path) => path.endsWith('/libvulkan.so.1'))).not.toContain('@node-llama-cpp/linux-x64-vulkan')
  })

  test('are known for every build that the package names', () => {
    const {optionalDependencies} = JSON.parse(readFileSync(new URL('../../../node_modules/node-llama-cpp/package.json', import.meta.url), 'utf8'))
    expect(unneededBuilds({platform: 'aix', arch: 'ppc64'}).sort()).toEqual(Object.keys(optionalDependencies).sort())
  })
})
