import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import {BaseProvider} from '../../../src/core/providers/base-provider.js'
import type {ChatRequest, ModelInfo, ProviderCapabilities} from '../../../src/core/providers/provider.js'
import {type Failure, ProviderError, RequestFailure} from '../../../src/core/providers/provider-error.js'
import type {ProviderOptions, ProviderPlugin} from '../../../src/core/providers/provider-plugin.js'
import type {ProviderWire, ReadMessage} from '../../../src/core/providers/testing/provider-wire.js'

export const CAPABILITIES: ProviderCapabilities = {tools: true, reasoning: true, schema: true, images: false, documents: false}

const CONTENT_TYPE = 'application/jsonl'

/** The smallest provider that conforms: it sends the request as it is, and gets events as they are, one a line. */
export class LineProvider extends BaseProvider {
  getCapabilities(): ProviderCapabilities {
    return CAPABILITIES
  }

  protected async *respond(request: ChatRequest, signal: AbortSignal): AsyncIterable<AdapterEvent> {
    const response = await this.request('/chat', {method: 'POST', body: JSON.stringify(request)}, signal)
    for await (const line of this.lines(response.body ?? [])) {
      if (line.trim() === '') continue
      const event: AdapterEvent | {type: 'failure'; message: string} = JSON.parse(line)
      if (event.type === 'failure') throw new RequestFailure({status: 500, message: event.message})
      yield event
    }
  }

  protected async fetchModels(signal: AbortSignal): Promise<ModelInfo[]> {
    const response = await this.request('/models', {}, signal)
    return response.json() as Promise<ModelInfo[]>
  }

  protected override get endpoint(): string {
    return String(this.options.settings.base_url)
  }

  protected override readFailure(error: unknown): Failure {
    // A line that is not whole: the rest of it was lost.
    if (error instanceof SyntaxError) return {status: 502, message: 'the connection was cut'}
    return super.readFailure(error)
  }

  protected async request(path: string, init: RequestInit, signal: AbortSignal): Promise<Response> {
    const headers = {'x-key': this.options.apiKey ?? ''}
    const response = await this.options.fetch(this.endpoint + path, {...init, headers, redirect: 'manual', signal})
    if (response.headers.get('content-type')?.includes('html') && response.status < 500) {
      throw new ProviderError('config', `what answers at ${this.endpoint} is something else`, {code: 'ENDPOINT_WRONG'})
    }
    if (response.ok) return response
    const body = await response.text()
    throw new RequestFailure({status: response.status, headers: response.headers, message: body.startsWith('<') ? 'a web page' : body})
  }

  protected async *lines(body: AsyncIterable<Uint8Array> | Iterable<Uint8Array>): AsyncGenerator<string> {
    const decoder = new TextDecoder()
    let rest = ''
    for await (const chunk of body) {
      const lines = (rest + decoder.decode(chunk, {stream: true})).split('\n')
      rest = lines.pop() ?? ''
      yield* lines
    }
    yield rest
  }
}

/** A plugin that opens a provider of the class. */
export function pluginOf(Provider: new (options: ProviderOptions) => BaseProvider): ProviderPlugin {
  return {
    apiVersion: 1,
    id: 'lines',
    label: 'Lines',
    settings: {},
    keyVariables: [],
    keyRequired: true,
    open: async (options) => new Provider(options),
  }
}

export const lineWire: ProviderWire = {
  basePath: '/api',
  contentType: CONTENT_TYPE,
  allowsCrlf: true,
  toolArguments: 'text',
  hasToolIds: true,
  hasToolChoice: true,
  returnsThoughts: true,
  signature: {by: 'lines'},
  usage: ['inputTokens', 'outputTokens'],
  idlePieces: ['\n'],
  answer: (events) => events.map((event) => `${JSON.stringify(event)}\n`),
  errorBody: (_, message) => message,
  errorPiece: (message) => `${JSON.stringify({type: 'failure', message})}\n`,
  modelsBody: (models) => JSON.stringify(models.map((id) => ({id}))),
  read({body, headers}) {
    const {messages, tools, ...request} = JSON.parse(body) as ChatRequest
    return {...request, messages: messages.map(readMessage), tools: tools.map(({name}) => name), apiKey: String(headers['x-key'])}
  },
}

function readMessage(message: ChatRequest['messages'][number]): ReadMessage {
  const parts = typeof message.content === 'string' ? [{type: 'text' as const, text: message.content}] : message.content
  const thoughts = parts.filter((part) => part.type === 'reasoning')
  const signature = thoughts.find((part) => part.signature)?.signature
  return {
    role: message.role,
    text: parts.map((part) => (part.type === 'text' ? part.text : '')).join(''),
    toolCalls: parts.flatMap((part) => (part.type === 'tool_call' ? [{id: part.id, name: part.name, arguments: JSON.parse(part.arguments)}] : [])),
    ...(message.role === 'tool' && {answers: message.toolCallId}),
    ...(thoughts.length > 0 && {reasoning: {text: thoughts.map(({text}) => text).join(''), ...(signature !== undefined && {signature})}}),
  }
}
