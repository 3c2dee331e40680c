import type {AssistantMessage, AssistantPart, FinishReason, GenerationResponse, ProviderEvent, ToolCall, Usage} from './provider.js'

/** The whole answer that a stream of events of `origin` (`provider/model`) makes. Rejects with the error that ended the stream. */
export async function collectResponse(events: AsyncIterable<ProviderEvent>, origin: string): Promise<GenerationResponse> {
  const collector = new ResponseCollector(origin)
  for await (const event of events) collector.add(event)
  return collector.response()
}

/** Puts an answer together while its events are also used otherwise. */
export class ResponseCollector {
  readonly #origin: string
  readonly #parts: AssistantPart[] = []
  #pieces: string[] = []
  #usage: Usage = {}
  #finish: FinishReason | undefined

  /** `origin` is who answers, as `provider/model`. */
  constructor(origin: string) {
    this.#origin = origin
  }

  /** Throws what an `error` event carries. */
  add(event: ProviderEvent): void {
    if (event.type === 'error') throw event.error
    if (event.type === 'text' || event.type === 'reasoning') this.#append(event)
    else if (event.type === 'tool_call_end') this.#push({...event, type: 'tool_call'})
    else if (event.type === 'usage') this.#usage = {...this.#usage, ...event.usage}
    else if (event.type === 'finish') this.#finish = event.reason
  }

  /** What has come so far. */
  get message(): AssistantMessage & {content: AssistantPart[]} {
    this.#flush()
    return {role: 'assistant', content: this.#parts, origin: this.#origin}
  }

  response(): GenerationResponse {
    if (!this.#finish) throw new Error('the answer has not finished')
    const {message} = this
    const {content} = message
    const textOf = (type: 'text' | 'reasoning') => content.map((part) => (part.type === type ? part.text : '')).join('')
    return {
      text: textOf('text'),
      reasoning: textOf('reasoning'),
      toolCalls: content.filter((part): part is ToolCall => part.type === 'tool_call'),
      finishReason: this.#finish,
      usage: this.#usage,
      message,
    }
  }

  #append({type, text, ...rest}: Extract<ProviderEvent, {type: 'text' | 'reasoning'}>): void {
    const last = this.#parts.at(-1)
    const signature = 'signature' in rest ? rest.signature : undefined
    // A signature closes the thoughts that it signs; what is signed once more is something else.
    if (last?.type !== type || ('signature' in last && (text !== '' || signature !== undefined))) this.#push({type, text: ''})
    this.#pieces.push(text)
    if (signature !== undefined) {
      this.#flush()
      Object.assign(this.#parts.at(-1) as AssistantPart, {signature})
    }
  }

  #push(part: AssistantPart): void {
    this.#flush()
    this.#parts.push(part)
  }

  #flush(): void {
    const last = this.#parts.at(-1)
    if (last && 'text' in last && this.#pieces.length > 0) last.text += this.#pieces.join('')
    this.#pieces = []
  }
}
