import type {AdapterEvent} from '../../../src/core/providers/answer-assembler.js'
import type {ProviderWire, ReadMessage} from '../../../src/core/providers/testing/provider-wire.js'

const SIGNATURE = 'EqUCCqICAb4+9vsh8Pd5taZV'
const REASONS: Record<string, string> = {stop: 'STOP', length: 'MAX_TOKENS', tool_calls: 'STOP', content_filter: 'SAFETY'}

interface WirePart {
  text?: string
  thought?: boolean
  thoughtSignature?: string
  functionCall?: {id?: string; name: string; args: unknown}
  functionResponse?: {id: string; name: string; response: {output?: string; error?: string}}
  inlineData?: {mimeType: string; data: string}
}

interface WireContent {
  role: 'user' | 'model'
  parts: WirePart[]
}

/** How the Gemini API looks on the wire. */
export const geminiWire: ProviderWire = {
  basePath: '/v1beta',
  contentType: 'text/event-stream',
  allowsCrlf: true,
  toolArguments: 'object',
  hasToolIds: true,
  hasToolChoice: true,
  returnsThoughts: true,
  signature: SIGNATURE,
  usage: ['inputTokens', 'outputTokens', 'reasoningTokens', 'cachedTokens'],
  idlePieces: [
    ': keep-alive\n\n',
    'id: 7\nretry: 1000\n\n',
    sse({responseId: 'r', modelVersion: 'm'}),
    sse({candidates: [{content: {role: 'model'}, index: 0}], promptFeedback: {}, usageMetadata: null}),
    sse({candidates: [{content: {role: 'model', parts: [{text: ''}]}, finishReason: null, safetyRatings: []}]}),
  ],

  answer(events) {
    let signature: string | undefined
    return events.flatMap((event, index) => {
      if (event.type === 'reasoning' && event.signature) signature = String(event.signature)
      const piece = pieceOf(event, events.slice(index + 1), signature)
      if (event.type === 'tool_call_start') signature = undefined
      return piece ? [piece] : []
    })
  },

  errorBody: (code, message) => JSON.stringify({error: {code, message, status: code === 404 ? 'NOT_FOUND' : 'UNKNOWN'}}),
  errorPiece: (message) => sse({error: {code: 500, message, status: 'INTERNAL'}}),
  modelsBody: (models) =>
    JSON.stringify({models: models.map((id) => ({name: `models/${id}`, supportedGenerationMethods: ['generateContent', 'countTokens']}))}),

  read({path, body, headers}) {
    const {contents, systemInstruction, tools = [], toolConfig, generationConfig = {}} = JSON.parse(body)
    const {mode, allowedFunctionNames} = toolConfig?.functionCallingConfig ?? {}
    const systems = (systemInstruction?.parts ?? []).map(({text}: WirePart) => ({role: 'system', text}))
    return {
      model: decodeURIComponent(/\/models\/(.*):streamGenerateContent\?alt=sse$/.exec(path)?.[1] ?? ''),
      messages: [...systems, ...contents.flatMap(readContent)],
      tools: tools.flatMap(({functionDeclarations}: {functionDeclarations: {name: string}[]}) => functionDeclarations.map(({name}) => name)),
      toolChoice: allowedFunctionNames ? {name: allowedFunctionNames[0]} : mode && (mode === 'NONE' ? 'none' : 'required'),
      schema: generationConfig.responseJsonSchema,
      maxTokens: generationConfig.maxOutputTokens,
      temperature: generationConfig.temperature,
      reasoning: generationConfig.thinkingConfig,
      apiKey: String(headers['x-goog-api-key']),
    }
  },
}

/** An event of the stream. */
export function sse(data: object): string {
  return `data: ${JSON.stringify(data)}\r\n\r\n`
}

/** An event with these parts of the answer, and what else its candidate has. */
export function chunk(parts: WirePart[], candidate: object = {}): string {
  return sse({candidates: [{content: {role: 'model', parts}, index: 0, ...candidate}], modelVersion: 'm', responseId: 'r'})
}

function pieceOf(event: AdapterEvent, following: readonly AdapterEvent[], signature: string | undefined): string | undefined {
  if (event.type === 'text') return chunk([{text: event.text}])
  if (event.type === 'reasoning') return event.text ? chunk([{text: event.text, thought: true}]) : undefined
  if (event.type === 'finish') return chunk([{text: ''}], {finishReason: REASONS[event.reason]})
  if (event.type === 'usage') {
    const {inputTokens, outputTokens = 0, reasoningTokens = 0, cachedTokens} = event.usage
    const counts = {promptTokenCount: inputTokens, candidatesTokenCount: outputTokens - reasoningTokens, thoughtsTokenCount: reasoningTokens}
    return sse({usageMetadata: {...counts, cachedContentTokenCount: cachedTokens}})
  }
  if (event.type !== 'tool_call_start') return undefined
  const end = following.findIndex(({type}) => type === 'tool_call_end')
  const text = following.slice(0, end).map((piece) => (piece.type === 'tool_call_delta' ? piece.arguments : ''))
  const functionCall = {...(event.id && {id: event.id}), name: event.name, args: JSON.parse(text.join('') || '{}')}
  return chunk([{functionCall, ...(signature && {thoughtSignature: signature})}])
}

function readContent({role, parts}: WireContent): ReadMessage[] {
  const results = parts.flatMap(({functionResponse}) => (functionResponse ? [functionResponse] : []))
  if (results.length > 0) return results.map(({id, response}) => ({role: 'tool', text: response.output ?? response.error ?? '', answers: id}))
  const join = (kind: boolean) => parts.map(({text = '', thought = false}) => (thought === kind ? text : '')).join('')
  const calls = parts.flatMap(({functionCall}) => (functionCall ? [{id: functionCall.id!, name: functionCall.name, arguments: functionCall.args}] : []))
  const images = parts.flatMap(({inlineData}) => (inlineData ? [inlineData.data] : []))
  const signature = parts.find(({functionCall}) => functionCall)?.thoughtSignature
  return [
    {
      role: role === 'model' ? 'assistant' : 'user',
      text: join(false),
      ...(images.length > 0 && {images}),
      ...(calls.length > 0 && {toolCalls: calls}),
      ...(parts.some(({thought}) => thought) && {reasoning: {text: join(true), ...(signature && {signature})}}),
    },
  ]
}
