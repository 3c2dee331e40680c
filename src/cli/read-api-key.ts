import {HelixError} from '../core/errors/helix-error.js'
import type {ProviderPlugin} from '../core/providers/provider-plugin.js'
import {terminalAsk} from './ask-secret.js'
import {pipedStdin, readPipedText} from './piped-stdin.js'

/** An API key from standard input or the terminal. Throws `usage` where there is none, or what there is cannot be one. */
export async function readApiKey(id: string, plugin: ProviderPlugin): Promise<string> {
  if (plugin.baseUrl === undefined) throw new HelixError('usage', `${id} needs no key`, {code: 'KEY_NOT_NEEDED'})
  const input = pipedStdin()
  const ask = terminalAsk()
  const key = input ? (await readPipedText(input)).trim() : (await ask?.(`API key of ${id}:`))?.trim()
  if (key === undefined && !ask) {
    throw new HelixError('usage', 'there is no terminal to ask for the key on', {code: 'KEY_MISSING', hint: 'Give it on standard input.'})
  }
  if (!key) throw new HelixError('usage', 'no key was given', {code: 'KEY_MISSING'})
  // A header can carry nothing else (RFC 9110, field values).
  if (!/^[\x21-\x7e]{1,4096}$/.test(key))
    throw new HelixError('usage', 'what was given is no API key: it has spaces, line breaks or other characters that no key has', {code: 'KEY_INVALID'})
  return key
}
