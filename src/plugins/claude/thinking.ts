import type {OutputConfig, ThinkingConfigParam} from '@anthropic-ai/sdk/resources/messages'
import type {ReasoningConfig} from '../../core/providers/provider.js'
import {budgetOf, effortOf} from '../../core/providers/reasoning.js'
import type {ModelTraits} from './models.js'

const LEAST_BUDGET = 1024

interface Thoughts {
  reasoning: ReasoningConfig | undefined
  traits: ModelTraits
  /** Of the answer; thoughts count. */
  maxTokens: number
  /** A tool must be called. */
  isForced: boolean
  /** The calls whose results come now were made without a thought, such as by another model. */
  isAfterUnthoughtCall: boolean
}

/** How the API is told how long to think. Absent is what is left to the model. */
export function toThinking(thoughts: Thoughts): {thinking?: ThinkingConfigParam; effort?: OutputConfig['effort']} {
  const {reasoning = {}, traits, isForced, isAfterUnthoughtCall} = thoughts
  if (traits.thinking === 'none') return {}
  const effort = effortOf(reasoning)
  if (effort === 'none') return traits.unthinking ? {thinking: {type: traits.unthinking}} : {effort: 'low'}
  // A model cannot be told to think and to call a tool at once; the tool is what can be relied upon. Nor can it begin to think between calls.
  if (traits.thinking === 'budget') return isForced || isAfterUnthoughtCall || !effort ? {} : budgeted(thoughts)
  // Thoughts that are not shown would be a long silence, which looks like a server that hangs.
  const isShown = !isForced && (effort || traits.thinksUnasked)
  return {...(isShown && {thinking: {type: 'adaptive', display: 'summarized'}}), ...(effort && {effort})}
}

function budgeted({reasoning = {}, maxTokens}: Thoughts): {thinking?: ThinkingConfigParam} {
  // What is asked for in tokens may take all but one of them; an effort leaves half of them to the answer.
  const most = reasoning.budget === undefined ? Math.max(LEAST_BUDGET, Math.floor(maxTokens / 2)) : maxTokens - 1
  const budget = Math.max(LEAST_BUDGET, Math.min(budgetOf(reasoning) ?? LEAST_BUDGET, most))
  return budget < maxTokens ? {thinking: {type: 'enabled', budget_tokens: budget}} : {}
}
