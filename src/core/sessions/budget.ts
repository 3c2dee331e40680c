import {HelixError} from '../errors/helix-error.js'
import {type ModelPrice, tierOf} from '../providers/prices.js'
import type {ChatRequest} from '../providers/provider.js'

/** What may be spent, in US dollars. */
export interface BudgetOptions {
  /** On one question, corrections and fallbacks included. */
  maxCost: number | undefined
  /** On all questions of the project in a day. */
  perDay: {project: string; dollars: number; spent: () => Promise<number>} | undefined
}

/** A limit of a budget and what is left of it. */
interface Limit {
  left: number
  name: string
}

type AskedOf = Pick<ChatRequest, 'messages' | 'maxTokens' | 'schema'> & Partial<Pick<ChatRequest, 'tools'>>

const MILLION = 1_000_000
/** A little more than models make of English, since other languages take more tokens. */
const BYTES_PER_TOKEN = 3
/** What providers count for a large image. */
const TOKENS_PER_IMAGE = 1600

/** Keeps what a question costs within its limits: what a call would cost is estimated before it, what it did cost is counted after it. */
export class Budget {
  readonly #options: BudgetOptions
  #spent = 0

  constructor(options: BudgetOptions) {
    this.#options = options
  }

  /** Whether there is any limit. */
  get isLimited(): boolean {
    return this.#options.maxCost !== undefined || this.#options.perDay !== undefined
  }

  /**
   * The most tokens that an answer to this request may have for what is left; undefined where nothing limits it.
   * Throws `denied` where the question alone, or the answer that it asks for, could cost more.
   */
  async allow(model: string, request: AskedOf, price: ModelPrice): Promise<number | undefined> {
    const limit = await this.#tightest()
    if (!limit) return undefined
    const tokens = countTokens(request)
    const {input: perInput, output: perOutput} = tierOf(price, tokens)
    const input = (tokens * perInput) / MILLION
    const affordable = perOutput > 0 ? Math.floor(((limit.left - input) * MILLION) / perOutput) : Number.POSITIVE_INFINITY
    if (affordable >= (request.maxTokens ?? 1)) return Number.isFinite(affordable) ? affordable : undefined
    const cost = input + ((request.maxTokens ?? 1) * perOutput) / MILLION
    const message = `asking ${model} could cost ${formatDollars(cost)}, and ${formatDollars(Math.max(0, limit.left))} are left of ${limit.name}`
    throw new HelixError('denied', message, {code: 'BUDGET_EXCEEDED', hint: 'Ask for less with --max-tokens, ask another model, or raise the limit.'})
  }

  /** Counts what a call has cost. */
  add(dollars: number): void {
    this.#spent += dollars
  }

  async #tightest(): Promise<Limit | undefined> {
    const {maxCost, perDay} = this.#options
    const limits: Limit[] = []
    if (maxCost !== undefined) limits.push({left: maxCost - this.#spent, name: `--max-cost ${maxCost}`})
    // What this question has cost so far is in the store by now.
    if (perDay) limits.push({left: perDay.dollars - (await perDay.spent()), name: `what the project ${perDay.project} may spend in a day`})
    return limits.sort((a, b) => a.left - b.left)[0]
  }
}

/** About how many tokens a model makes of a request. */
function countTokens({messages, tools = [], schema}: AskedOf): number {
  let tokens = 0
  const texts = JSON.stringify([messages, tools, schema], (_, value) => {
    if (value?.type !== 'attachment') return value
    tokens += value.mediaType.startsWith('image/') ? TOKENS_PER_IMAGE : value.data.length / BYTES_PER_TOKEN
    return value.name
  })
  return Math.ceil(tokens + Buffer.byteLength(texts) / BYTES_PER_TOKEN)
}

function formatDollars(dollars: number): string {
  return `$${dollars.toFixed(dollars < 0.01 ? 6 : 2)}`
}
