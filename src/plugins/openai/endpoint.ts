export const OPENAI_URL = 'https://api.openai.com/v1'

/** Whether OpenAI itself answers there, in one of its regions or through Azure, and not a server that only speaks its protocol. */
export function isOpenAI(baseUrl: string): boolean {
  const host = URL.parse(baseUrl)?.hostname ?? ''
  return /^([a-z]+\.)?api\.openai\.com$|\.openai\.azure\.com$/.test(host)
}
