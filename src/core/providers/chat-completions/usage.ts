import type {Usage} from '../provider.js'

/** The counts of an answer, with those of xAI and DeepSeek. */
export interface WireUsage {
  prompt_tokens?: number | null
  completion_tokens?: number | null
  total_tokens?: number | null
  prompt_tokens_details?: {cached_tokens?: number | null} | null
  completion_tokens_details?: {reasoning_tokens?: number | null} | null
  prompt_cache_hit_tokens?: number | null
}

/** The counts as Helix tells them. */
export function toUsage(usage: WireUsage): Usage {
  const {prompt_tokens: input, completion_tokens: output, total_tokens: total, completion_tokens_details, prompt_tokens_details} = usage
  const reasoning = completion_tokens_details?.reasoning_tokens
  const cached = prompt_tokens_details?.cached_tokens ?? usage.prompt_cache_hit_tokens
  // xAI counts thoughts apart from the answer.
  const isApart = reasoning != null && output != null && (total ?? 0) >= (input ?? 0) + output + reasoning
  return {
    ...(input != null && {inputTokens: input}),
    ...(output != null && {outputTokens: isApart ? output + reasoning : output}),
    ...(reasoning != null && {reasoningTokens: reasoning}),
    ...(cached != null && {cachedTokens: cached}),
  }
}
