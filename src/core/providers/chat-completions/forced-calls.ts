import type {ChatRequest, ReasoningConfig} from '../provider.js'
import {ProviderError} from '../provider-error.js'
import {budgetOf} from '../reasoning.js'

/**
 * The reasoning of a request to a service that can make a model call a tool only while it does not think: none where a call is forced.
 * Throws `usage` where thought is asked for too.
 */
export function reasoningBesideCalls({reasoning, tools, toolChoice}: ChatRequest): ReasoningConfig | undefined {
  if (tools.length === 0 || toolChoice === 'auto' || toolChoice === 'none') return reasoning
  if (!reasoning || !budgetOf(reasoning)) return {effort: 'none'}
  const hint = 'Ask for no reasoning, or leave it to the model which tools it calls.'
  throw new ProviderError('usage', 'this provider cannot make a model call a tool while it thinks', {code: 'REQUEST_INVALID', hint})
}
