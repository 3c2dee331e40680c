import type {ReasoningConfig} from './provider.js'

/** Tokens of thought for which an effort stands, and up to which a budget stands for it. */
const BUDGETS = {low: 2048, medium: 8192, high: 24_576} as const

type Effort = NonNullable<ReasoningConfig['effort']>

/** How hard a model is to think, for a provider that takes no budget; undefined where it is left to the model. */
export function effortOf({effort, budget}: ReasoningConfig): Effort | undefined {
  if (effort || budget === undefined) return effort
  if (budget <= BUDGETS.low) return 'low'
  return budget <= BUDGETS.medium ? 'medium' : 'high'
}

/** The tokens that a model may think, for a provider that takes no effort: 0 for no thought, undefined where it is left to the model. */
export function budgetOf({effort, budget}: ReasoningConfig): number | undefined {
  if (effort === 'none') return 0
  return budget ?? (effort && BUDGETS[effort])
}
