/** Models of text alone; those that came later, and all named `vl` or `omni`, read images too. */
const TEXT_ONLY = /^(qwen-(plus|max|turbo|flash|long|mt|math|coder)|qwen2(\.5)?-(?!vl|omni)|qwen3-(?!vl|omni)|qwq|deepseek-v3)/

/** The most tokens of one answer: https://www.alibabacloud.com/help/en/model-studio/models */
const MOST_TOKENS: [RegExp, number][] = [
  [/^qwen3\.8-/, 131_072],
  [/^qwen3(\.[5-7])?-(max|plus|flash|coder)/, 65_536],
  [/^qwen-(plus|flash)/, 32_768],
]

/** Whether a model reads images; an unknown one may. */
export function readsImages(model: string): boolean {
  return !TEXT_ONLY.test(model)
}

/** Whether a model has a mode for a schema: https://www.alibabacloud.com/help/en/model-studio/qwen-structured-output */
export function takesSchemas(model: string): boolean {
  return /^qwen3\.(7-(plus|flash|max)|8-(flash|max))(-|$)/.test(model)
}

/** Whether a model thinks where nothing is said of it: https://www.alibabacloud.com/help/en/model-studio/deep-thinking */
export function thinksUnasked(model: string): boolean {
  return !/-instruct/.test(model) && /^(qwq|qvq|qwen3\.|qwen[4-9]|qwen3-\d+b)|-thinking/.test(model)
}

/** The most tokens that a model writes in one answer, if that is known. */
export function mostTokensOf(model: string): number | undefined {
  return MOST_TOKENS.find(([name]) => name.test(model))?.[1]
}
