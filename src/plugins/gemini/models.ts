import type {ReasoningConfig} from '../../core/providers/provider.js'
import {budgetOf, effortOf} from '../../core/providers/reasoning.js'

/** How a model is told to think: https://ai.google.dev/gemini-api/docs/generate-content/thinking */
interface ThinkingConfig {
  includeThoughts?: true
  /** From Gemini 3 on, and of Gemma. */
  thinkingLevel?: 'minimal' | 'low' | 'medium' | 'high'
  /** Tokens, before Gemini 3; 0 for no thoughts. */
  thinkingBudget?: number
}

/** The tokens that models before Gemini 3 can be told to think, where they think at all. */
const BUDGETS: [RegExp, {least: number; most: number; canBeOff: boolean}][] = [
  [/-pro/, {least: 128, most: 32_768, canBeOff: false}],
  [/-flash-lite/, {least: 512, most: 24_576, canBeOff: true}],
  [/./, {least: 1, most: 24_576, canBeOff: true}],
]

/** The path of a model, whose id may be given with or without `models/`. */
export function pathOf(model: string): string {
  return (model.includes('/') ? model : `models/${model}`).split('/').map(encodeURIComponent).join('/')
}

/** A model's number among the Gemini models, such as 2.5; infinite for a name that stands for the newest, NaN for what is no Gemini. */
export function generationOf(model: string): number {
  const [, number] = /^gemini-(\d+(?:\.\d+)?)?/.exec(nameOf(model)) ?? []
  if (number !== undefined) return Number(number)
  return nameOf(model).startsWith('gemini-') ? Number.POSITIVE_INFINITY : Number.NaN
}

/** Whether a model refuses calls of its own that come back without the signature they had. */
export function wantsSignatures(model: string): boolean {
  return generationOf(model) >= 3
}

/** Whether a model can be given a schema and tools in the same request. */
export function takesSchemaWithTools(model: string): boolean {
  return generationOf(model) >= 3
}

/** The most tokens of one answer, thoughts included, where that is known: https://ai.google.dev/gemini-api/docs/models */
export function mostTokensOf(model: string): number | undefined {
  const generation = generationOf(model)
  if (Number.isNaN(generation)) return undefined
  if (generation < 2.5) return 8192
  // From Gemini 4 on an answer may be as long as prompt and answer together.
  return generation >= 4 && Number.isFinite(generation) ? 1_048_576 : 65_536
}

/** The part of a request that says how to think; undefined where that is left to the model. */
export function toThinkingConfig(model: string, reasoning: ReasoningConfig): ThinkingConfig | undefined {
  const effort = effortOf(reasoning)
  if (effort === undefined) return undefined
  const includeThoughts = effort === 'none' ? {} : {includeThoughts: true as const}
  const name = nameOf(model)
  // Gemma knows only to think or not to.
  if (name.startsWith('gemma-')) return {...includeThoughts, thinkingLevel: effort === 'none' ? 'minimal' : 'high'}
  const generation = generationOf(model)
  if (generation >= 3) return {...includeThoughts, thinkingLevel: effort === 'none' ? leastLevelOf(name) : effort}
  if (effort === 'none' && generation < 2.5) return undefined
  return {...includeThoughts, thinkingBudget: toBudget(name, budgetOf(reasoning) ?? 0)}
}

// From Gemini 3 on a model always thinks, some only a little.
function leastLevelOf(name: string): 'minimal' | 'low' {
  return /-flash-lite|^gemini-3(\.[1-6])?-flash/.test(name) ? 'minimal' : 'low'
}

function toBudget(name: string, budget: number): number {
  const {least, most, canBeOff} = (BUDGETS.find(([pattern]) => pattern.test(name)) as (typeof BUDGETS)[number])[1]
  return budget === 0 && canBeOff ? 0 : Math.min(most, Math.max(least, budget))
}

function nameOf(model: string): string {
  return model.slice(model.lastIndexOf('/') + 1)
}
