import type {ReasoningConfig} from '../../core/providers/provider.js'

type Effort = NonNullable<ReasoningConfig['effort']>

/** Models of text alone; the others see images: https://docs.mistral.ai/getting-started/models */
const TEXT_ONLY = /^(codestral|devstral-(2512|medium)|open-mi[sx]tral|mistral-nemo|mistral-tiny|(zai-)?glm-5)/

/** Whether a model of Mistral's looks at images. */
export function takesImages(model: string): boolean {
  return !TEXT_ONLY.test(model)
}

const MOST_TOKENS: [RegExp, number][] = [
  [/^mistral-large-(4|2512|latest)/, 262_144],
  [/^(mistral-(medium-(3|2604|latest)|small-(2603|latest))|magistral-small-latest)/, 256_000],
]

/** The most tokens that a model writes in one answer, if that is known. */
export function mostTokensOf(model: string): number | undefined {
  return MOST_TOKENS.find(([name]) => name.test(model))?.[1]
}

/** Models that either think or do not. */
const ON_OR_OFF = /^(mistral-small-(2603|latest)|mistral-medium($|-(2604|3|latest))|magistral-(small|medium)-latest)/
/** Models that always think, and are asked to by the mode of their prompt. */
const BY_PROMPT = /^magistral-(small|medium)-\d/

/**
 * What a request says for a model to think that hard. Each model refuses the levels that it does not know, one that cannot think
 * each of them: https://docs.mistral.ai/inference/conversations/reasoning
 */
export function reasoningOf(model: string, effort: Effort): {reasoning_effort?: string; prompt_mode?: string} {
  if (BY_PROMPT.test(model)) return effort === 'none' ? {} : {prompt_mode: 'reasoning'}
  const level = levelOf(model, effort)
  return level === undefined ? {} : {reasoning_effort: level}
}

function levelOf(model: string, effort: Effort): string | undefined {
  // Z.ai's model, which Mistral hosts, cannot be kept from thinking.
  if (/^(zai-)?glm-5-3/.test(model)) return effort === 'none' || effort === 'low' ? 'low' : 'high'
  if (effort === 'none') return ON_OR_OFF.test(model) ? 'none' : undefined
  return /^mistral-large-4/.test(model) ? effort : 'high'
}
