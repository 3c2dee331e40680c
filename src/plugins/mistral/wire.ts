import {createHash} from 'node:crypto'
import {toWireRequest, type WireDialect, type WirePart, type WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {AssistantPart, ChatRequest, Message} from '../../core/providers/provider.js'
import {effortOf} from '../../core/providers/reasoning.js'
import {reasoningOf} from './models.js'

const DIALECT: WireDialect = {
  thoughtFields,
  toPart({name, mediaType}, dataUrl) {
    if (mediaType.startsWith('image/')) return {type: 'image_url', image_url: {url: dataUrl}}
    return mediaType === 'application/pdf' ? foreignPart({type: 'document_url', document_url: dataUrl, document_name: name}) : undefined
  },
}

/** The body of a request for Mistral, which refuses every field that it does not know: https://docs.mistral.ai/api/endpoint/chat */
export function toMistralRequest(request: ChatRequest): WireRequest {
  const {model, reasoning} = request
  const effort = reasoning && effortOf(reasoning)
  const messages = answerTools(renameCalls(request.messages))
  // Usage comes without being asked for.
  const {stream_options: _, reasoning_effort: __, tool_choice: choice, ...body} = toWireRequest({...request, messages}, DIALECT)
  const own = {
    ...(choice !== undefined && {tool_choice: choice === 'required' ? 'any' : choice}),
    ...(effort && reasoningOf(model, effort)),
    prompt_cache_key: cacheKeyOf(request.messages),
  }
  return {...body, ...(own as object)}
}

/** What an earlier answer goes back as where it has thoughts: a list of thoughts and text, in their order. */
function thoughtFields(parts: readonly AssistantPart[]): Record<string, unknown> {
  if (!parts.some((part) => part.type === 'reasoning' && part.text)) return {}
  return {content: parts.flatMap(toChunk)}
}

function toChunk(part: AssistantPart): object[] {
  if (part.type === 'tool_call' || !part.text) return []
  return [part.type === 'text' ? {type: 'text', text: part.text} : {type: 'thinking', thinking: [{type: 'text', text: part.text}], closed: true}]
}

// The ids of calls have nine letters and digits here; those of other providers get one of that kind, the same in each request.
function renameCalls(messages: readonly Message[]): Message[] {
  const ids = messages.flatMap((message) => (message.role === 'assistant' && typeof message.content !== 'string' ? message.content : []))
  const taken = new Set(ids.flatMap((part) => (part.type === 'tool_call' && isOwnId(part.id) ? [part.id] : [])))
  const names = new Map<string, string>()
  const rename = (id: string): string => {
    const known = isOwnId(id) ? id : names.get(id)
    if (known !== undefined) return known
    let number = names.size + 1
    while (taken.has(idOf(number))) number++
    taken.add(idOf(number))
    names.set(id, idOf(number))
    return idOf(number)
  }
  return messages.map((message) => {
    if (message.role === 'tool') return {...message, toolCallId: rename(message.toolCallId)}
    if (message.role !== 'assistant' || typeof message.content === 'string') return message
    return {...message, content: message.content.map((part) => (part.type === 'tool_call' ? {...part, id: rename(part.id)} : part))}
  })
}

function isOwnId(id: string): boolean {
  return /^[A-Za-z0-9]{9}$/.test(id)
}

function idOf(number: number): string {
  return `call${String(number).padStart(5, '0')}`
}

// Nobody but the model may speak after a tool here: where its answer was broken off, a word stands for it.
function answerTools(messages: readonly Message[]): Message[] {
  return messages.flatMap((message, index) => {
    const isUnanswered = message.role === 'user' && messages[index - 1]?.role === 'tool'
    return isUnanswered ? [{role: 'assistant', content: 'OK.'} as const, message] : [message]
  })
}

// What is cached is found again by this key: it is the same for all requests that begin in the same way.
function cacheKeyOf(messages: readonly Message[]): string {
  const beginning = messages.slice(0, 1 + messages.findIndex(({role}) => role === 'user')).map(({content}) => wordsIn(content))
  return createHash('sha256').update(JSON.stringify(beginning)).digest('hex').slice(0, 32)
}

function wordsIn(content: Message['content']): string[] {
  return typeof content === 'string' ? [content] : content.map((part) => (part.type === 'text' ? part.text : part.type))
}

// OpenAI's own package does not know what only others have.
function foreignPart(part: object): WirePart {
  return part as WirePart
}
