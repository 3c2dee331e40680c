import type {Store} from '../data/store.js'
import {checkJson} from '../providers/check-arguments.js'
import {ResponseCollector} from '../providers/collect-response.js'
import {splitModel} from '../providers/model-name.js'
import type {
  Attachment,
  FinishReason,
  GenerationRequest,
  GenerationResponse,
  JsonSchema,
  LLMProvider,
  Message,
  ProviderEvent,
  ReasoningConfig,
  ToolDefinition,
} from '../providers/provider.js'
import type {ProviderRegistry} from '../providers/provider-registry.js'
import {type AnswerEnd, appendToSession, createSession, type NewSession} from './session-store.js'

/** How often a model is told what is wrong with its tool calls before they are given up. */
const MOST_CORRECTIONS = 2

/** What a model is asked. */
export interface Question {
  /** `provider/model` */
  model: string
  prompt: string
  system?: string | undefined
  attachments?: Attachment[] | undefined
  tools?: ToolDefinition[] | undefined
  schema?: JsonSchema | undefined
  reasoning?: ReasoningConfig | undefined
  maxTokens?: number | undefined
  temperature?: number | undefined
}

export interface AskOptions {
  /** Who asks: `cli`, `task`. */
  client: string
  signal?: AbortSignal | undefined
  /** Called with each step of the answer as it comes. */
  onEvent?: (event: ProviderEvent) => void
}

export interface AskContext {
  providers: ProviderRegistry
  /** Opens the store when it is first called. */
  store: () => Promise<Store>
}

/** Why an answer is not what was asked for, though the model has ended it. */
export interface AnswerProblem {
  code: 'ANSWER_CUT' | 'ANSWER_FILTERED' | 'ANSWER_REFUSED' | 'SCHEMA_MISMATCH' | 'TOOL_CALL_INVALID'
  message: string
}

export interface Answer extends Omit<GenerationResponse, 'message'> {
  sessionId: string
  problem?: AnswerProblem
}

/**
 * Asks a model and stores question and answer as a session, also when the answer is cut off. A model that calls tools wrongly is told
 * so and may correct itself. Rejects with what went wrong on the way to the model or back.
 */
export async function askModel(context: AskContext, question: Question, options: AskOptions): Promise<Answer> {
  const {provider: providerId, model} = splitModel(question.model)
  const messages = messagesOf(question)
  const session = new Transcript(context, {client: options.client, provider: providerId, model, prompt: question.prompt, messages})
  return context.providers.use(providerId, async (provider) => {
    for (let correction = 0; ; correction++) {
      const response = await askOnce(provider, requestOf(question, model, messages), session, options)
      const results = response.toolCalls.some((call) => call.problem) && correction < MOST_CORRECTIONS ? resultsOf(response) : []
      messages.push(response.message, ...results)
      await session.add([response.message, ...results], response)
      if (results.length > 0) continue
      const {message: _, ...answer} = response
      const problem = await problemOf(response, question)
      return {...answer, sessionId: await session.id(), ...(problem && {problem})}
    }
  })
}

async function askOnce(provider: LLMProvider, request: AskedRequest, session: Transcript, options: AskOptions): Promise<GenerationResponse> {
  const {tools, ...rest} = request
  const events = tools ? provider.streamWithTools({...rest, tools}, options) : provider.stream(rest, options)
  const collector = new ResponseCollector(session.origin)
  try {
    for await (const event of events) {
      options.onEvent?.(event)
      collector.add(event)
      // Now that the answer is under way, what the store takes is time that the model takes too.
      session.begin()
    }
    return collector.response()
  } catch (error) {
    const {message} = collector
    if (message.content.length > 0) await session.add([message], {finishReason: 'error', usage: {}})
    throw error
  }
}

type AskedRequest = GenerationRequest & {tools?: ToolDefinition[] | undefined}

function requestOf({maxTokens, reasoning, schema, temperature, tools}: Question, model: string, messages: readonly Message[]): AskedRequest {
  return {model, messages: [...messages], maxTokens, reasoning, schema, temperature, tools}
}

function messagesOf({system, prompt, attachments = []}: Question): Message[] {
  return [
    ...(system ? [{role: 'system' as const, content: system}] : []),
    {role: 'user', content: attachments.length > 0 ? [...attachments, {type: 'text', text: prompt}] : prompt},
  ]
}

/** What a model is told of its tool calls when one of them cannot be run. */
function resultsOf({toolCalls}: GenerationResponse): Message[] {
  return toolCalls.map(({id, problem}) => ({
    role: 'tool',
    toolCallId: id,
    content: problem ?? 'not run, since another call of the same answer was wrong; make it again',
    isError: true,
  }))
}

const UNFINISHED: Partial<Record<FinishReason, AnswerProblem>> = {
  length: {code: 'ANSWER_CUT', message: 'the answer is cut off: the model reached its limit of tokens (--max-tokens, or its own)'},
  content_filter: {code: 'ANSWER_FILTERED', message: 'the provider cut the answer off by its content filter'},
  refusal: {code: 'ANSWER_REFUSED', message: 'the model declined to answer'},
}

async function problemOf({finishReason, text, toolCalls}: GenerationResponse, {schema}: Question): Promise<AnswerProblem | undefined> {
  const unfinished = UNFINISHED[finishReason]
  if (unfinished) return unfinished
  const wrong = toolCalls.find((call) => call.problem)
  if (wrong) return {code: 'TOOL_CALL_INVALID', message: `the model called ${wrong.name} wrongly: ${wrong.problem}`}
  const mismatch = schema && finishReason === 'stop' ? await checkJson(text, schema) : undefined
  return mismatch ? {code: 'SCHEMA_MISMATCH', message: `the answer is ${mismatch}`} : undefined
}

/** The session of one question. It begins to exist when it is first needed. */
class Transcript {
  readonly #context: AskContext
  readonly #session: NewSession
  #next: number
  #id: Promise<string> | undefined

  constructor(context: AskContext, session: NewSession) {
    this.#context = context
    this.#session = {...session, messages: [...session.messages]}
    this.#next = session.messages.length + 1
  }

  /** Who answers, as `provider/model`. */
  get origin(): string {
    return `${this.#session.provider}/${this.#session.model}`
  }

  /** Stores the question, without waiting for it; what goes wrong is told by `id`. */
  begin(): void {
    this.#id ??= this.#create()
    this.#id.catch(() => {})
  }

  async id(): Promise<string> {
    this.#id ??= this.#create()
    return this.#id
  }

  async add(messages: readonly Message[], end: AnswerEnd): Promise<void> {
    const id = await this.id()
    await appendToSession(await this.#context.store(), id, messages, this.#next, end)
    this.#next += messages.length
  }

  async #create(): Promise<string> {
    return createSession(await this.#context.store(), this.#session)
  }
}
