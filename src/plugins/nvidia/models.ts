/** Models of text alone, as far as that is known: https://build.nvidia.com/models */
const TEXT_ONLY =
  /(^|\/)(gpt-oss-|deepseek-v3|nemotron-3-(nano-30b|super|ultra)|nvidia-nemotron-nano-9b|llama-3[._][13]-nemotron-(ultra|super|nano-\d)|llama-3\.[13]-\d+b)/

/** Whether a model may look at images; its server says so of one that is not known. */
export function takesImages(model: string): boolean {
  return !TEXT_ONLY.test(model)
}
