import type {Store} from '../data/store.js'
import {HelixError} from '../errors/helix-error.js'
import {ResponseCollector} from '../providers/collect-response.js'
import type {Cooldowns} from '../providers/cooldowns.js'
import {splitModel} from '../providers/model-name.js'
import {type ModelNames, movesOn, resolveRoute} from '../providers/model-route.js'
import {costOf, type ModelPrice} from '../providers/prices.js'
import type {
  Attachment,
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
import {type AnswerProblem, correctionOf, problemOf} from './answer-problem.js'
import {Budget} from './budget.js'
import {spentToday} from './session-store.js'
import {Transcript} from './transcript.js'

/** How often a model is told what is wrong with its answer before that is given up. */
const MOST_CORRECTIONS = 2

/** What a model is asked. */
export interface Question {
  /** `provider/model`, or an alias. */
  model: string
  /** Models to ask when that one does not answer, in place of those of the config. */
  fallbacks?: readonly string[] | undefined
  prompt: string
  system?: string | undefined
  attachments?: Attachment[] | undefined
  tools?: ToolDefinition[] | undefined
  schema?: JsonSchema | undefined
  reasoning?: ReasoningConfig | undefined
  maxTokens?: number | undefined
  temperature?: number | undefined
  /** The most that the answer may cost, in US dollars. */
  maxCost?: number | undefined
  /** Name of the project that it is asked for; `default` when absent. */
  project?: string | undefined
}

export interface AskOptions {
  /** Who asks: `cli`, `task`. */
  client: string
  signal?: AbortSignal | undefined
  /** Called with each step of the answer as it comes. */
  onEvent?: (event: ProviderEvent) => void
  /** Called when another model is asked in place of one that did not answer. */
  onFallback?: (error: HelixError, next: string) => void
}

/** What the config says of models. */
export interface ModelSettings extends ModelNames {
  /** Seconds for which a model that failed is passed over. */
  cooldown: number
  /** US dollars, by the name of the project. */
  max_cost_per_day: Readonly<Record<string, number>>
}

export interface AskContext {
  providers: ProviderRegistry
  models: ModelSettings
  cooldowns: Cooldowns
  /** Opens the store when it is first called. */
  store: () => Promise<Store>
}

export interface Answer extends Omit<GenerationResponse, 'message'> {
  /** Who answered, as `provider/model`. */
  model: string
  /** US dollars; absent where the price is not known. */
  cost?: number
  sessionId: string
  problem?: AnswerProblem
}

/**
 * Asks a model, or its fallbacks in turn when it is out of reach, and stores question and answer as a session, also when the answer is
 * cut off. A model that calls tools wrongly, or misses the schema, is told so and may correct itself. Rejects with what went wrong on the
 * way to the last of the models or back.
 */
export async function askModel(context: AskContext, question: Question, options: AskOptions): Promise<Answer> {
  const {cooldowns, models} = context
  const route = await cooldowns.leaveOut(resolveRoute(question.model, question.fallbacks ?? [], models))
  const conversation = new Conversation(context, question, options)
  for (const [index, model] of route.entries()) {
    const next = route[index + 1]
    try {
      return await conversation.ask(model, next !== undefined)
    } catch (error) {
      if (next === undefined || conversation.hasContent || !movesOn(error)) {
        if (HelixError.is(error)) options.onEvent?.({type: 'error', error})
        throw error
      }
      const {code, retryAfterMs} = error as HelixError & {retryAfterMs?: number}
      if (code !== 'CONTEXT_TOO_LONG') await cooldowns.add(model, retryAfterMs ?? models.cooldown * 1000)
      options.onFallback?.(error, next)
    }
  }
  throw new HelixError('bug', 'no model was asked', {code: 'ROUTE_EMPTY'})
}

/** One question, whoever answers it. */
class Conversation {
  /** Whether something of an answer has come that the user has seen. */
  hasContent = false
  readonly #context: AskContext
  readonly #question: Question
  readonly #options: AskOptions
  readonly #messages: Message[]
  readonly #transcript: Transcript
  readonly #budget: Budget
  #cost: number | undefined = 0

  constructor(context: AskContext, question: Question, options: AskOptions) {
    this.#context = context
    this.#question = question
    this.#options = options
    this.#messages = messagesOf(question)
    this.#transcript = new Transcript(context.store, {client: options.client, prompt: question.prompt, messages: this.#messages, project: question.project})
    const {maxCost, project = 'default'} = question
    const dollars = Object.hasOwn(context.models.max_cost_per_day, project) ? context.models.max_cost_per_day[project] : undefined
    const spent = async () => spentToday(await context.store(), project)
    this.#budget = new Budget({maxCost, perDay: dollars === undefined ? undefined : {project, dollars, spent}})
  }

  /** @param hasNext whether another model is asked when this one does not answer, so that it need not be tried again */
  ask(origin: string, hasNext: boolean): Promise<Answer> {
    const {provider: providerId, model} = splitModel(origin)
    const converse = async (provider: LLMProvider) => {
      const price = await this.#priceOf(providerId, model, provider)
      for (let correction = 0; ; correction++) {
        const response = await this.#askOnce(provider, origin, model, price)
        const problem = await problemOf(response, this.#question.schema)
        const corrections = correction < MOST_CORRECTIONS ? correctionOf(response, problem) : []
        this.#messages.push(response.message, ...corrections)
        await this.#transcript.add(origin, [response.message, ...corrections], {...response, cost: this.#count(response, price)})
        if (corrections.length > 0) continue
        if (this.#question.schema) for (const event of toEvents(response)) this.#options.onEvent?.(event)
        return this.#answerOf(response, origin, problem)
      }
    }
    return this.#context.providers.use(providerId, converse, {retries: hasNext ? 0 : undefined})
  }

  async #answerOf({message: _, ...response}: GenerationResponse, origin: string, problem: AnswerProblem | undefined): Promise<Answer> {
    const sessionId = await this.#transcript.id(origin)
    return {...response, model: origin, sessionId, ...(this.#cost !== undefined && {cost: this.#cost}), ...(problem && {problem})}
  }

  /** Counts what an answer has cost; undefined where that is not known. */
  #count({usage}: GenerationResponse, price: ModelPrice | undefined): number | undefined {
    const cost = costOf(usage, price)
    this.#budget.add(cost ?? 0)
    this.#cost = cost === undefined || this.#cost === undefined ? undefined : this.#cost + cost
    return cost
  }

  async #askOnce(provider: LLMProvider, origin: string, model: string, price: ModelPrice | undefined): Promise<GenerationResponse> {
    const {tools, ...request} = await this.#requestFor(origin, model, price)
    const events = tools ? provider.streamWithTools({...request, tools}, this.#options) : provider.stream(request, this.#options)
    const collector = new ResponseCollector(origin)
    try {
      for await (const event of events) {
        this.#tell(event)
        collector.add(event)
        // Now that the answer is under way, what the store takes is time that the model takes too.
        this.#transcript.begin(origin)
      }
      return collector.response()
    } catch (error) {
      const {message} = collector
      if (message.content.length > 0) await this.#transcript.add(origin, [message], {finishReason: 'error', usage: {}})
      throw error
    }
  }

  #tell(event: ProviderEvent): void {
    // An answer that must satisfy a schema is told when it does, an error when no other model may answer.
    if (event.type === 'error' || (this.#question.schema && (event.type === 'text' || event.type === 'finish'))) return
    if (event.type === 'text' || event.type === 'reasoning' || event.type === 'tool_call_start') this.hasContent = true
    this.#options.onEvent?.(event)
  }

  async #requestFor(origin: string, model: string, price: ModelPrice | undefined): Promise<GenerationRequest & {tools?: ToolDefinition[] | undefined}> {
    const {maxTokens, reasoning, schema, temperature, tools} = this.#question
    const request = {model, messages: [...this.#messages], maxTokens, reasoning, schema, temperature, tools}
    const affordableTokens = price && (await this.#budget.allow(origin, {...request, tools: tools ?? []}, price))
    return {...request, affordableTokens}
  }

  /** Throws `config` where there is a limit and nobody knows what the model costs. */
  async #priceOf(providerId: string, model: string, provider: LLMProvider): Promise<ModelPrice | undefined> {
    const {price, isFree} = await this.#context.providers.price(providerId, model)
    if (price || isFree || !this.#budget.isLimited) return price
    const listed = (await provider.listModels(this.#options)).find(({id}) => id === model)
    if (listed?.price) return listed.price
    throw new HelixError('config', `what ${providerId}/${model} costs is not known, and there is a limit to it`, {
      code: 'PRICE_UNKNOWN',
      hint: `Say it, in dollars for a million tokens: helix config set 'providers.${providerId}.prices["${model}"]' '{"input": 1, "output": 2}'`,
    })
  }
}

function toEvents({text, finishReason}: GenerationResponse): ProviderEvent[] {
  return [...(text ? [{type: 'text', text} as const] : []), {type: 'finish', reason: finishReason}]
}

function messagesOf({system, prompt, attachments = []}: Question): Message[] {
  return [
    ...(system ? [{role: 'system' as const, content: system}] : []),
    {role: 'user', content: attachments.length > 0 ? [...attachments, {type: 'text', text: prompt}] : prompt},
  ]
}
