import {existsSync, readdirSync, readFileSync} from 'node:fs'
import type {LLMProvider, ToolGenerationRequest} from '../../../src/core/providers/provider.js'
import type {ProviderOptions} from '../../../src/core/providers/provider-plugin.js'
import {FakeServer, type RecordedRequest, type Reply} from '../../../src/core/providers/testing/fake-server.js'
import {InstantClock} from '../../../src/core/providers/testing/instant-clock.js'
import {type ReadAnswer, readAnswer} from '../../../src/core/providers/testing/read-answer.js'
import openai from '../../../src/plugins/openai/plugin.js'

export const KEY = 'sk-replay-2b6d90'

export const WEATHER = {name: 'weather', parameters: {type: 'object', properties: {location: {type: 'string'}}}}

export const QUESTION: ToolGenerationRequest = {model: 'm', messages: [{role: 'user', content: 'Wie ist es?'}], tools: [WEATHER]}

/** A recorded answer: its stream and its whole body. */
export interface Recording {
  name: string
  lines: string[]
  body: string
}

/** The recordings of a folder whose names the pattern matches; none where the folder is absent. */
export function readRecordings(folder: URL, pattern: RegExp): Recording[] {
  if (!existsSync(folder)) return []
  const names = readdirSync(folder).flatMap((file) => (pattern.test(file) && file.endsWith('.chunks.txt') ? [file.replace('.chunks.txt', '')] : []))
  return names.map((name) => ({
    name,
    lines: readFileSync(new URL(`${name}.chunks.txt`, folder), 'utf8')
      .split('\n')
      .filter(Boolean),
    body: readFileSync(new URL(`${name}.json`, folder), 'utf8'),
  }))
}

/** The stream as its server sends it. */
export function streamOf(lines: readonly string[]): string {
  return [...lines, '[DONE]'].map((line) => `data: ${line}\n\n`).join('')
}

/** The provider for a server, with a key unless `options` say otherwise. */
export async function openProvider(server: FakeServer, options: Partial<ProviderOptions> = {}): Promise<LLMProvider> {
  const {open, id} = await openai()
  return open({
    id,
    settings: {base_url: `${server.url}/v1`},
    apiKey: KEY,
    fetch: globalThis.fetch,
    clock: new InstantClock(),
    timeouts: {connect: 5, firstToken: 20, idle: 20, total: 60},
    retries: 0,
    packageFolder: '',
    ...options,
  })
}

/** What comes of a question to a server that replies so, and what the server got. */
export async function ask(reply: Reply, request = QUESTION, options?: Partial<ProviderOptions>): Promise<ReadAnswer & {sent: RecordedRequest}> {
  const server = await new FakeServer().start()
  server.reply(reply)
  try {
    const answer = await readAnswer((await openProvider(server, options)).streamWithTools(request))
    return {...answer, sent: server.requests[0] as RecordedRequest}
  } finally {
    await server.close()
  }
}
