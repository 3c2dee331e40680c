/** The most tokens that OpenAI's models write in one answer: https://platform.openai.com/docs/models */
const MOST_TOKENS: [RegExp, number][] = [
  [/^gpt-5/, 128_000],
  [/^o\d/, 100_000],
  [/^gpt-4\.1/, 32_768],
]

/** The most tokens that a model of OpenAI writes in one answer, if that is known. */
export function mostTokensOf(model: string): number | undefined {
  return MOST_TOKENS.find(([name]) => name.test(model))?.[1]
}
