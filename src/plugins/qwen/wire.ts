import {reasoningBesideCalls} from '../../core/providers/chat-completions/forced-calls.js'
import {imagesOnly} from '../../core/providers/chat-completions/image-part.js'
import {strictly} from '../../core/providers/chat-completions/strict-schema.js'
import {toWireRequest, type WireRequest} from '../../core/providers/chat-completions/wire.js'
import type {ChatRequest, ReasoningConfig} from '../../core/providers/provider.js'
import {budgetOf} from '../../core/providers/reasoning.js'
import {thinksUnasked} from './models.js'

interface Thinking {
  enable_thinking?: boolean
  /** Tokens. */
  thinking_budget?: number
}

export type QwenRequest = WireRequest & Thinking

/** The body of a request, as https://www.alibabacloud.com/help/en/model-studio/qwen-api-via-openai-chat-completions has it. */
export function toQwenRequest(request: ChatRequest): QwenRequest {
  const reasoning = reasoningBesideCalls(request)
  const {reasoning_effort: _, response_format, ...body} = toWireRequest({...request, reasoning}, {toPart: imagesOnly()})
  const thinking = toThinking(reasoning)
  // A model that thinks refuses plain JSON mode, or answers something else than what it thought.
  const hasFormat = response_format && !(request.json && (thinking.enable_thinking ?? thinksUnasked(request.model)))
  return {...body, ...thinking, ...(hasFormat && {response_format: strictly(response_format)})}
}

function toThinking(reasoning: ReasoningConfig = {}): Thinking {
  const budget = budgetOf(reasoning)
  if (budget === undefined) return {}
  if (budget === 0) return {enable_thinking: false}
  // Without a budget a model may think as long as it can.
  const isHigh = reasoning.effort === 'high' && reasoning.budget === undefined
  return {enable_thinking: true, ...(!isHigh && {thinking_budget: budget})}
}
