import {createHash} from 'node:crypto'
import {imagesOnly} from '../../core/providers/chat-completions/image-part.js'
import {strictly} from '../../core/providers/chat-completions/strict-schema.js'
import {ThoughtKeeper} from '../../core/providers/chat-completions/thought-keeper.js'
import type {WireUsage} from '../../core/providers/chat-completions/usage.js'
import {toWireRequest, type WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, Usage} from '../../core/providers/provider.js'

/** Models that refuse `reasoning_effort`, whatever it says: they think, or do not, as they please. */
const WITHOUT_EFFORT = /^grok-(2|3(?!-mini)|4(-|$)|4\.20|4\.1|code|build)/
/** Models whose thought can be turned off. */
const WITH_NONE = /^grok-4\.3/

const TICKS_PER_DOLLAR = 10_000_000_000

/** The body of a request: https://docs.x.ai/developers/model-capabilities/legacy/chat-completions */
export function toGrokRequest(request: ChatRequest): WireRequest {
  const {reasoning_effort: effort, max_tokens, response_format, ...body} = toWireRequest(request, {toPart: imagesOnly(/^image\/(png|jpeg)$/)})
  const takesEffort = effort && !WITHOUT_EFFORT.test(request.model)
  return {
    ...body,
    ...(response_format && {response_format: strictly(response_format)}),
    ...(max_tokens !== undefined && {max_completion_tokens: max_tokens}),
    ...(takesEffort && {reasoning_effort: effort === 'none' && !WITH_NONE.test(request.model) ? 'low' : effort}),
  }
}

/** Whether a model reads images; an unknown one may. */
export function readsImages(model: string): boolean {
  return !/^grok-(3|code|2(?!-vision))/.test(model)
}

/**
 * A name for a conversation that stays the same while it grows: how it began. By it xAI finds the machine that has it in its cache,
 * https://docs.x.ai/developers/advanced-api-usage/prompt-caching/maximizing-cache-hits
 */
export function conversationOf({model, messages}: WireRequest): string {
  const beginning = messages.slice(0, messages.findIndex(({role}) => role === 'user') + 1)
  return createHash('sha256')
    .update(JSON.stringify([model, beginning]))
    .digest('hex')
    .slice(0, 32)
}

/** Reads the answers of xAI, which tells what they cost, and remembers what it thought only if that is given back. */
export class GrokReader extends ThoughtKeeper {
  protected override toUsage(usage: WireUsage & {cost_in_usd_ticks?: number | null}): Usage {
    const {cost_in_usd_ticks: ticks} = usage
    return {...super.toUsage(usage), ...(ticks != null && {cost: ticks / TICKS_PER_DOLLAR})}
  }
}
