import {execFileSync} from 'node:child_process'
import {mkdtempSync, readFileSync} from 'node:fs'
import {createServer, type Server} from 'node:http'
import type {AddressInfo} from 'node:net'
import {arch, availableParallelism, totalmem} from 'node:os'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {LocalTransport} from '../../../src/core/workers/local-transport.js'
import {probeScript} from '../../../src/core/workers/probe-script.js'
import {probeLoad, probeWorker} from '../../../src/core/workers/probe-worker.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {findProgram, programFolder} from '../../fixtures/fake-programs.js'
import {runFolder} from '../../fixtures/run-folder.js'
import {waitFor} from '../../fixtures/wait-for.js'

// All that the script itself needs; whatever else is found was put there by the test.
const NEEDED = ['cat', 'curl', 'cut', 'df', 'getconf', 'grep', 'head', 'ldd', 'ls', 'nproc', 'sleep', 'tr', 'uname']
const needed = Object.fromEntries(NEEDED.flatMap((name) => [[name, findProgram(name)]]).filter(([, path]) => path !== undefined)) as Record<string, string>

const GIT = 'echo "git version 2.39.5 (Apple Git-154)"'
const NVIDIA = `[ "$*" = "--query-gpu=name,memory.total,utilization.gpu --format=csv,noheader,nounits" ] || exit 9
echo "NVIDIA A100-SXM4-40GB, 40960, 90"
echo "NVIDIA GH200, [N/A], 31"`
const ROCM = `echo "WARNING: AMD GPU device(s) is/are in a low-power state"
echo "{\\"card0\\": {\\"GPU use (%)\\": \\"17\\", \\"VRAM Total Memory (B)\\": \\"17163091968\\", \\"Card Series\\": \\"Radeon RX 7800 XT\\"}, \\"system\\": {\\"Driver version\\": \\"6\\"}}"`
const DOCKER = `case "$*" in *Server*) echo 24.0.7;; *) echo "Docker version 28.2.2, build e6534b4";; esac`
const DOCKER_ALONE = `case "$*" in *Server*) echo "Cannot connect to the Docker daemon" >&2; exit 1;; *) echo "Docker version 28.2.2, build e6534b4";; esac`
const HANGS = 'sleep 1000 & sleep 1000'

const shells = ['dash', 'bash', 'busybox', 'zsh'].map((name) => ({name, path: findProgram(name)}))

function environment(shell: string, scripts: Record<string, string> = {}, leaveOut: string[] = []): NodeJS.ProcessEnv {
  const home = mkdtempSync(join(runFolder(), 'probed-'))
  const programs = Object.fromEntries(Object.entries(needed).filter(([name]) => !leaveOut.includes(name)))
  return {PATH: programFolder({...programs, sh: shell}, scripts), HOME: home, OLLAMA_HOST: '127.0.0.1:1'}
}

test('the script can stand in single quotes in every login shell', () => {
  expect(probeScript([8080])).not.toMatch(/'|\\\\/)
})

for (const {name, path = ''} of shells) {
  describeUnless(path ? undefined : `there is no ${name} here`, `a worker whose sh is ${name}`, () => {
    const probe = (env: NodeJS.ProcessEnv, ports: number[] = []) => probeWorker(new LocalTransport(), env, ports)

    test('tells what it is and how busy it is', async () => {
      const env = environment(path)
      const disk = () =>
        /\s(\d+)\s+\d+\s+(\d+)\s/
          .exec(execFileSync('df', ['-Pk', env.HOME ?? ''], {encoding: 'utf8'}).split('\n')[1] ?? '')
          ?.slice(1)
          .map(Number) ?? []
      const [, before = 0] = disk()
      const {facts, resources, load} = await probe(env)
      expect(facts).toMatchObject({system: process.platform, arch: arch(), libc: 'glibc', tools: {}, gpus: [], model_servers: []})
      expect(facts.capabilities).toEqual([process.platform, arch()])
      expect(resources).toMatchObject({cpus: availableParallelism(), gpus: 0, attempts_root: `${env.HOME}/.local/state/helix`})
      expect(Math.abs((resources.memory_bytes ?? 0) - totalmem())).toBeLessThan(totalmem() / 100)
      const [size = 0, after = 0] = disk()
      expect(resources.disk_bytes).toBe(size * 1024)
      // Others write and remove files meanwhile, some of a gibibyte.
      expect(load.disk_free_bytes).toBeGreaterThan(Math.min(before, after) * 1024 - 3e9)
      expect(load.disk_free_bytes).toBeLessThan(Math.max(before, after) * 1024 + 3e9)
      expect(load.cpu_percent).toBeGreaterThanOrEqual(0)
      expect(load.cpu_percent).toBeLessThanOrEqual(100)
      expect(load.memory_used_bytes).toBeGreaterThan(0)
      expect(load.memory_used_bytes).toBeLessThan(resources.memory_bytes ?? 0)
      expect(load.gpu_percent).toBeUndefined()
    })

    test('tells its tools with their versions, and takes a docker without its daemon for none', async () => {
      const scripts = {
        git: GIT,
        docker: DOCKER,
        python3: 'echo Python 3.11.2',
        go: 'echo go version go1.22.3 linux/amd64',
        java: 'echo \'openjdk version "17.0.15" 2025-04-15\' >&2',
        rustc: 'echo error: no toolchain is installed >&2; exit 1',
        perl: 'echo 5.36.0',
      }
      const {facts} = await probe(environment(path, scripts))
      expect(facts.tools).toEqual({
        docker: '28.2.2',
        'docker-daemon': '24.0.7',
        git: '2.39.5',
        go: '1.22.3',
        java: '17.0.15',
        perl: '5.36.0',
        python3: '3.11.2',
      })
      expect(facts.capabilities?.slice(2)).toEqual(['docker', 'git', 'go', 'java', 'perl', 'python'])
      const alone = await probe(environment(path, {docker: DOCKER_ALONE}))
      expect(alone.facts.tools).toEqual({docker: '28.2.2'})
      expect(alone.facts.capabilities).not.toContain('docker')
    })

    test('tells its GPUs with their memory and load', async () => {
      const {facts, resources, load} = await probe(environment(path, {'nvidia-smi': NVIDIA}))
      expect(facts.gpus).toEqual([{name: 'NVIDIA A100-SXM4-40GB', memory_bytes: 40960 * 1024 ** 2}, {name: 'NVIDIA GH200'}])
      expect([resources.gpus, load.gpu_percent]).toEqual([2, 61])
      expect(facts.capabilities).toEqual(expect.arrayContaining(['gpu', 'cuda']))
      const amd = await probe(environment(path, {'rocm-smi': ROCM, 'nvidia-smi': 'echo "NVIDIA-SMI has failed"; exit 9'}))
      expect(amd.facts.gpus).toEqual([{name: 'Radeon RX 7800 XT', memory_bytes: 17163091968}])
      expect(amd.load.gpu_percent).toBe(17)
      expect(amd.facts.capabilities).toEqual([process.platform, arch(), 'gpu', 'rocm'])
    })

    test('is not held up by a program that hangs, nor left with it', async () => {
      const env = environment(path, {docker: HANGS, git: GIT, 'nvidia-smi': NVIDIA})
      const {facts, load} = await probe(env)
      expect(facts.tools).toEqual({git: '2.39.5'})
      expect(load.disk_free_bytes).toBeGreaterThan(0)
      await waitFor('the processes of the probe to be gone', () => processesWith(`HOME=${env.HOME}`).length === 0)
    })

    test('tells its load alone without asking its programs', async () => {
      const {facts, load} = await probeLoad(new LocalTransport(), environment(path, {git: HANGS, 'nvidia-smi': NVIDIA}))
      expect(facts).toEqual({})
      expect(load).toMatchObject({cpu_percent: expect.any(Number), memory_used_bytes: expect.any(Number), disk_free_bytes: expect.any(Number), gpu_percent: 61})
    })
  })
}

describe('the servers of models on a worker', () => {
  let server: Server
  let port: number
  let answers: Record<string, unknown> = {}

  beforeAll(async () => {
    server = createServer((request, response) => {
      const body = answers[request.url ?? '']
      response
        .writeHead(body === undefined ? 404 : 200, {'content-type': 'application/json'})
        .end(body === undefined ? 'not found' : JSON.stringify(body, null, 2))
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    port = (server.address() as AddressInfo).port
  })
  afterAll(() => {
    server.closeAllConnections()
    server.close()
  })

  const clients = [
    ['curl', () => environment('/bin/sh')],
    ['wget', () => environment('/bin/sh', {}, ['curl'])],
  ] as const

  test.each(clients)('are found with %s', async (client, makeEnvironment) => {
    const url = `http://127.0.0.1:${port}`
    const env = makeEnvironment()
    if (client === 'wget') env.PATH = `${env.PATH}:${programFolder({wget: findProgram('wget') ?? '/none'})}`
    answers = {
      '/api/tags': {models: [{name: 'llama3.2:3b', size: 2e9}, {name: "it's ünïcode"}]},
      '/v1/models': {object: 'list', data: [{id: '/srv/models/qwen.gguf', owned_by: 'llamacpp'}]},
    }
    const first = await probeWorker(new LocalTransport(), {...env, OLLAMA_HOST: `${url}/`}, [port])
    expect(first.facts.model_servers).toEqual([
      {kind: 'ollama', url, models: ['llama3.2:3b', "it's ünïcode"]},
      {kind: 'llama-server', url, models: ['qwen.gguf']},
    ])
    expect(first.facts.capabilities?.slice(2)).toEqual(['ollama', 'model:llama3.2:3b', "model:it's ünïcode", 'llama-server', 'model:qwen.gguf'])
    answers = {'/v1/models': {data: [{id: 'Qwen/Qwen3-8B', owned_by: 'vllm'}]}}
    const second = await probeWorker(new LocalTransport(), {...env, OLLAMA_HOST: `0.0.0.0:${port}`}, [port])
    expect(second.facts.model_servers).toEqual([{kind: 'vllm', url, models: ['Qwen/Qwen3-8B']}])
    answers = {'/v1/models': {data: [{id: 'm'}]}, '/props': {default_generation_settings: {}}}
    const third = await probeWorker(new LocalTransport(), env, [port])
    expect(third.facts.model_servers).toEqual([{kind: 'llama-server', url, models: ['m']}])
  })

  test('are not taken for some when they are something else', async () => {
    answers = {'/v1/models': {data: [{id: 'gpt', owned_by: 'somebody'}]}, '/api/tags': ['html']}
    const {facts} = await probeWorker(new LocalTransport(), {...environment('/bin/sh'), OLLAMA_HOST: `127.0.0.1:${port}`}, [port, 1])
    expect(facts.model_servers).toEqual([])
  })
})

function processesWith(variable: string): string[] {
  return execFileSync('sh', ['-c', `grep -lsF "${variable}" /proc/[0-9]*/environ || true`], {encoding: 'utf8'})
    .split('\n')
    .filter((path) => path && !readCommand(path).startsWith('grep'))
}

function readCommand(environ: string): string {
  try {
    return readFileSync(environ.replace('environ', 'cmdline'), 'utf8')
  } catch {
    return 'grep'
  }
}
