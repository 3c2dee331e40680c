import {execFileSync} from 'node:child_process'
import {readdirSync, readFileSync, readlinkSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:http'
import {createServer as createSecureServer} from 'node:https'
import type {AddressInfo} from 'node:net'
import {join} from 'node:path'
import {afterAll, beforeAll, expect, jest, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {Fleet, type FleetWorker} from '../fixtures/fleet.js'
import {finish} from '../fixtures/helix.js'
import {OpenAIServer, says} from '../fixtures/openai-server.js'
import {Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {TcpProxy} from '../fixtures/tcp-proxy.js'
import {waitFor} from '../fixtures/wait-for.js'
import {addWords} from '../fixtures/worker-pool.js'
import {OllamaServer, toLines} from '../plugins/ollama/ollama-server.js'

// Each test is a handful of commands, several of which connect.
jest.setTimeout(180_000)

describeUnless(sshdAvailable(), "a worker's Ollama", () => {
  const fleet = new Fleet()
  let gpu: FleetWorker

  beforeAll(async () => {
    gpu = await fleet.add('gpu-1', ['qwen3:8b'])
    await fleet.add('gpu-2', ['phi4:latest'], ['--transport', 'openssh'])
  })
  afterAll(() => fleet[Symbol.asyncDispose]())

  const chat = (model: string, args: readonly string[] = [], env: NodeJS.ProcessEnv = {}) =>
    fleet.home.run(['chat', '-m', model, '-p', 'Where are you?', ...args], {env})

  test.each(['gpu-1', 'gpu-2'])('answers where it was found, through SSH alone: %s', async (name) => {
    const {ollama} = fleet.workers.find((worker) => worker.name === name)!
    const answer = await fleet.json(['chat', '-m', `ollama@${name}/qwen3`, '-p', 'Where are you?'])
    expect(answer).toMatchObject({text: 'Here I am.', finish_reason: 'stop', model: `ollama@${name}/qwen3`})
    const asked = ollama.server.requests.at(-1)
    expect(asked).toMatchObject({route: 'POST /api/chat', headers: {host: `127.0.0.1:${ollama.port}`}, body: {model: 'qwen3'}})
    expect(await chat(`ollama@${name}/qwen3`)).toMatchObject({code: 0, stdout: 'Here I am.\n', stderr: ''})
  })

  test('is asked through no proxy, and hears nothing of the variables that are meant for this machine', async () => {
    const proxy = {http_proxy: 'http://127.0.0.1:1', HTTP_PROXY: 'http://127.0.0.1:1', ALL_PROXY: 'http://127.0.0.1:1'}
    const {code, stderr} = await chat('ollama@gpu-1/qwen3', [], {...proxy, OLLAMA_HOST: 'http://127.0.0.1:9', OLLAMA_API_KEY: 'sk-of-the-cloud'})
    expect({code, stderr}).toEqual({code: 0, stderr: ''})
    expect(gpu.ollama.server.requests.at(-1)?.headers.authorization).toBeUndefined()
  })

  test('gets the key that was given for it', async () => {
    expect(await fleet.home.run(['provider', 'login', 'ollama@gpu-1'], {input: 'sk-for-gpu-1\n'})).toMatchObject({code: 0})
    expect(await chat('ollama@gpu-1/qwen3')).toMatchObject({code: 0})
    expect(gpu.ollama.server.requests.at(-1)?.headers.authorization).toBe('Bearer sk-for-gpu-1')
    expect(await fleet.home.run(['provider', 'logout', 'ollama@gpu-1'])).toMatchObject({code: 0})
  })

  test('can be tested, and its models listed', async () => {
    expect(await fleet.json(['provider', 'test', 'ollama@gpu-1', '-m', 'qwen3'])).toMatchObject({provider: 'ollama@gpu-1', text: 'Here I am.'})
    expect(await fleet.json(['provider', 'models', 'ollama@gpu-2'])).toMatchObject({models: [{id: 'phi4:latest'}]})
    expect((await fleet.home.run(['provider', 'models', 'ollama@gpu-2'])).stdout).toContain('ollama@gpu-2/phi4:latest')
  })

  test('answers a task of type llm', async () => {
    writeFileSync(join(fleet.home.root, 'graph.json'), JSON.stringify({tasks: {ask: {type: 'llm', model: 'ollama@gpu-1/qwen3', prompt: 'Where are you?'}}}))
    const {tasks} = await fleet.json(['task', 'apply', 'graph.json'])
    expect(tasks).toMatchObject([{status: 'completed', stdout: 'Here I am.\n'}])
  })

  test('on this machine is a worker like any other', async () => {
    fleet.configure({ollama: {base_url: gpu.ollama.server.url}})
    expect(await chat('ollama@local/qwen3')).toMatchObject({code: 0, stdout: 'Here I am.\n'})
    fleet.configure({})
  })

  test('is found at the address of the config, as the worker sees it, also behind a path', async () => {
    const server = await OpenAIServer.start()
    server.serve('m', says('From', ' there.'))
    fleet.configure({there: {type: 'openai', base_url: server.url}, vllm: {base_url: server.url}})
    expect(await chat('there@gpu-1/m')).toMatchObject({code: 0, stdout: 'From there.\n'})
    expect(await chat('vllm@gpu-2/m')).toMatchObject({code: 0, stdout: 'From there.\n'})
    expect(server.asked('m')).toHaveLength(2)
    await server.stop()
    fleet.configure({})
  })

  test('that speaks TLS has to show a certificate, also through SSH', async () => {
    const [key, certificate] = ['tls.key', 'tls.crt'].map((name) => join(fleet.home.root, name)) as [string, string]
    const words = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
    execFileSync('openssl', ['req', '-x509', ...words, '-keyout', key, '-out', certificate], {stdio: 'ignore'})
    const server = createSecureServer({key: readFileSync(key), cert: readFileSync(certificate)}, (_, response) =>
      response.end(toLines({message: {role: 'assistant', content: 'In secret'}, done: true, done_reason: 'stop'})),
    )
    await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve))
    fleet.configure({ollama: {base_url: `https://localhost:${(server.address() as AddressInfo).port}`}})
    expect(await chat('ollama@gpu-1/m', [], {NODE_EXTRA_CA_CERTS: certificate})).toMatchObject({code: 0, stdout: 'In secret\n'})
    expect(await chat('ollama@gpu-1/m')).toMatchObject({code: 78, stdout: '', stderr: expect.stringContaining('self-signed certificate')})
    server.close()
    fleet.configure({})
  })

  test.each([
    ['ollama@gpu-3/qwen3', 2, /there is no worker named gpu-3\nDid you mean gpu-[12]\?/],
    ['ollama@nowhere/qwen3', 2, /there is no worker named nowhere\nThere are: .*gpu-1, gpu-2/],
    ['olama@gpu-1/qwen3', 2, /there is no provider olama\nDid you mean ollama\?/],
    ['ollama@/qwen3', 2, /"ollama@" is not a provider.*\n.*ollama@gpu-1/],
    ['llamacpp@gpu-1/x.gguf', 2, /llamacpp has no address.* on gpu-1\n.*llama-server@gpu-1/],
    ['openai@gpu-1/gpt-5', 77, /there is no API key for openai@gpu-1\n.*provider login openai@gpu-1/],
    ['vllm@gpu-1/m', 69, /vllm@gpu-1: 127\.0\.0\.1 port 8000 cannot be reached from 127\.0\.0\.1: Connection refused\n.*helix worker test gpu-1/],
  ])('that is not meant or not there is an error of one line with what to do: %s', async (model, code, said) => {
    const run = await chat(model)
    expect(run).toMatchObject({code, stdout: '', stderr: expect.stringMatching(said)})
    expect(run.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2)
  })

  test('of a worker that is down, or whose key has changed, is not asked, and the worker is known to be so', async () => {
    const server = await Sshd.start()
    await fleet.home.run(addWords('comes-and-goes', server))
    await server.halt()
    const down = await chat('ollama@comes-and-goes/m')
    expect(down).toMatchObject({code: 69, stdout: ''})
    expect(down.stderr).toMatch(/^Error: ollama@comes-and-goes: cannot connect to 127\.0\.0\.1 port \d+: connection refused\n/)
    expect(await fleet.json(['worker', 'show', 'comes-and-goes'])).toMatchObject({status: 'inactive'})
    await server.restart({newHostKey: true})
    const changed = await chat('ollama@comes-and-goes/m')
    expect(changed).toMatchObject({code: 77, stderr: expect.stringContaining(server.hostKeyFingerprint)})
    expect(await fleet.json(['worker', 'show', 'comes-and-goes'])).toMatchObject({status: 'failed'})
    await server.stop()
  })
})

describeUnless(sshdAvailable(), "an answer of a worker's Ollama that does not come to its end", () => {
  const fleet = new Fleet()
  let gpu: FleetWorker
  let server: OllamaServer

  beforeAll(async () => {
    gpu = await fleet.add('gpu-1')
    server = await OllamaServer.start((response) => response.write(toLines({model: 'm', message: {role: 'assistant', content: 'One moment'}, done: false})))
    fleet.configure({ollama: {base_url: server.url}})
  })
  afterAll(async () => {
    await server[Symbol.asyncDispose]()
    await fleet[Symbol.asyncDispose]()
  })

  function startChat(model = 'ollama@gpu-1/m') {
    const child = fleet.home.spawn(['chat', '-m', model, '-p', 'hello'])
    let printed = ''
    child.stdout.on('data', (chunk) => {
      printed += chunk
    })
    const ended = finish(child)
    return {child, ended, begun: () => waitFor('the answer to begin', () => printed.includes('One moment'))}
  }

  test('is a cut when the SSH connection is lost', async () => {
    const {ended, begun} = startChat()
    await begun()
    gpu.sshd.signalConnections('SIGKILL')
    expect(await ended).toMatchObject({code: 69, stdout: 'One moment\n', stderr: expect.stringMatching(/^Error: ollama@gpu-1: the connection was cut/)})
    await waitFor('the request to be given up', () => server.givenUp.length === server.requests.length)
  })

  test('ends within a second when it is interrupted, and lets go of the server there', async () => {
    const {child, ended, begun} = startChat()
    await begun()
    const since = performance.now()
    child.kill('SIGINT')
    expect(await ended).toMatchObject({code: 130, stderr: 'Error: cancelled\n'})
    expect(performance.now() - since).toBeLessThan(2000)
    await waitFor('the request to be given up', () => server.givenUp.length === server.requests.length)
  })

  test.each(['while the worker does not answer its connection', 'on a link that has gone dead'])('ends soon when it is interrupted %s', async (kind) => {
    const proxy = await TcpProxy.start(gpu.sshd.port)
    const name = kind.includes('dead') ? 'dead' : 'silent'
    const words = ['--key', gpu.sshd.keyPath, '--host-key', gpu.sshd.hostKeyFingerprint]
    expect(await fleet.home.run(['worker', 'add', name, `${gpu.sshd.username}@localhost:${proxy.port}`, ...words])).toMatchObject({code: 0})
    const before = proxy.connections
    if (name === 'silent') proxy.silence()
    const {child, ended, begun} = startChat(`ollama@${name}/m`)
    if (name === 'dead') await begun()
    else await waitFor('the connection', () => proxy.connections > before)
    proxy.silence()
    const since = performance.now()
    child.kill('SIGINT')
    expect(await ended).toMatchObject({code: 130})
    expect(performance.now() - since).toBeLessThan(3000)
    await proxy.stop()
  })

  test('and that never ends by itself is over at once when it has', async () => {
    const held = createServer((_, response) => response.end(toLines({message: {role: 'assistant', content: 'Done'}, done: true, done_reason: 'stop'})))
    await new Promise<void>((resolve) => held.listen(0, '127.0.0.1', resolve))
    fleet.configure({ollama: {base_url: `http://127.0.0.1:${(held.address() as AddressInfo).port}`}})
    const child = fleet.home.spawn(['chat', '-m', 'ollama@gpu-1/m', '-p', 'hello'])
    const answered = new Promise<number>((resolve) => child.stdout.once('data', () => resolve(performance.now())))
    expect(await finish(child)).toMatchObject({code: 0, stdout: 'Done\n'})
    expect(performance.now() - (await answered)).toBeLessThan(1500)
    held.closeAllConnections()
    held.close()
  })

  test('leaves no port open here while it comes', async () => {
    fleet.configure({ollama: {base_url: server.url}})
    const {child, ended, begun} = startChat()
    await begun()
    expect(listenersOf(child.pid!)).toEqual([])
    child.kill('SIGINT')
    await ended
  })
})

/** Inodes of the sockets at which a process listens, from /proc. */
function listenersOf(pid: number): string[] {
  const tables = ['tcp', 'tcp6'].map((name) => readFileSync(`/proc/${pid}/net/${name}`, 'utf8'))
  const listening = new Set(
    tables.flatMap((table) => table.split('\n').slice(1)).flatMap((line) => (line.trim().split(/\s+/)[3] === '0A' ? [line.trim().split(/\s+/)[9]!] : [])),
  )
  return socketsOf(pid).filter((inode) => listening.has(inode))
}

function socketsOf(pid: number): string[] {
  const folder = `/proc/${pid}/fd`
  return readdirSync(folder).flatMap((name) => /^socket:\[(\d+)\]$/.exec(readlinkSync(join(folder, name)))?.[1] ?? [])
}
