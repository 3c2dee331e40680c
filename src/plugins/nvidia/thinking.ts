import type {ReasoningConfig} from '../../core/providers/provider.js'
import {effortOf} from '../../core/providers/reasoning.js'

type Effort = NonNullable<ReasoningConfig['effort']>

/** What a request says for a model to think, or not to. */
export interface Thinking {
  /** Words at the beginning of what the system says. */
  system?: string
  /** Further fields of the request. */
  fields?: object
}

type Way = (effort: Effort, budget: number | undefined) => Thinking

const template = (variables: object): Thinking => ({fields: {chat_template_kwargs: variables}})
const level = (reasoning_effort: string): Thinking => ({fields: {reasoning_effort}})
const isOn = (effort: Effort): boolean => effort !== 'none'

/**
 * Each family is told in its own way; a server refuses the fields that are another's. From the models' cards at
 * https://build.nvidia.com and https://docs.nvidia.com/nim/large-language-models/latest/reasoning-model.html
 */
const WAYS: [RegExp, Way][] = [
  [/llama-3[._]\d-nemotron-(ultra|super|nano-\d+b)[a-z0-9-]*-v1([._]1)?$/, (effort) => ({system: `detailed thinking ${isOn(effort) ? 'on' : 'off'}`})],
  [/nemotron-super-49b-v1[._]5|nemotron-nano-12b-v2/, (effort) => ({system: isOn(effort) ? '/think' : '/no_think'})],
  [
    /nemotron-nano-9b-v2/,
    (effort, budget) => (isOn(effort) ? {system: '/think', ...(budget !== undefined && {fields: {max_thinking_tokens: budget}})} : {system: '/no_think'}),
  ],
  [
    /nemotron-3/,
    (effort, budget) =>
      template({
        enable_thinking: isOn(effort),
        ...(effort === 'low' && budget === undefined && {low_effort: true}),
        ...(isOn(effort) && budget !== undefined && {reasoning_budget: budget}),
      }),
  ],
  [/qwen3/, (effort) => template({enable_thinking: isOn(effort)})],
  // Thoughts of earlier turns are kept, which its agents rely on.
  [/glm-?\d/, (effort) => template({enable_thinking: isOn(effort), clear_thinking: false})],
  [/kimi-k3/, (effort) => (isOn(effort) ? level(effort === 'low' ? 'low' : 'high') : template({thinking: false}))],
  [/kimi|deepseek-v3/, (effort) => template({thinking: isOn(effort)})],
  [/minimax-m3/, (effort) => template({thinking_mode: isOn(effort) ? 'enabled' : 'disabled'})],
  [/deepseek-v4|mistral-(medium-3|small-4)/, (effort) => level(isOn(effort) ? 'high' : 'none')],
  // These cannot be kept from thinking.
  [/gpt-oss/, (effort) => level(isOn(effort) ? effort : 'low')],
]

/** What a request says for a model to think as is asked; nothing where that is left to the model. */
export function thinkingOf(model: string, reasoning: ReasoningConfig): Thinking {
  const effort = effortOf(reasoning)
  if (effort === undefined) return {}
  const [, way] = WAYS.find(([name]) => name.test(model.toLowerCase())) ?? []
  if (way) return way(effort, reasoning.budget)
  // One that does not think would refuse to be kept from it.
  return isOn(effort) ? level(effort) : {}
}
