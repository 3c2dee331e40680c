import {isIPv6} from 'node:net'
import {PROVIDER_API_VERSION, type ProviderPlugin} from '../../core/providers/provider-plugin.js'

const PORT = '11434'

/** The hook `helix:provider`: models that Ollama runs, on this machine or another. */
export default async function ollama(): Promise<ProviderPlugin> {
  return {
    apiVersion: PROVIDER_API_VERSION,
    id: 'ollama',
    label: 'Ollama',
    settings: {
      num_ctx: {
        type: 'integer',
        minimum: 1,
        description: 'tokens of prompt and answer together that the model is loaded for; Ollama drops the beginning of what is longer',
      },
      keep_alive: {
        type: 'string',
        pattern: '^(-?[0-9]+|-?([0-9]+(\\.[0-9]+)?(ms|s|m|h))+)$',
        description: 'how long the model stays in memory afterwards: 30m, seconds, 0 for not at all, -1 for ever',
      },
    },
    baseUrl: `http://127.0.0.1:${PORT}`,
    baseUrlFrom: ({OLLAMA_HOST}) => addressOf(OLLAMA_HOST),
    keyVariables: ['OLLAMA_API_KEY'],
    keyRequired: false,
    async open(options) {
      const {OllamaProvider} = await import('./chat.js')
      return new OllamaProvider(options)
    },
  }
}

/** The address that `OLLAMA_HOST` means to Ollama's own client: a URL, `host`, `host:port` or `:port`; undefined for none of these. */
function addressOf(variable = ''): string | undefined {
  const host = variable.trim().replaceAll(/^["']|["']$/g, '')
  if (!host) return undefined
  if (/^https?:\/\//i.test(host)) return hrefOf(URL.parse(host))
  const authority = isIPv6(host) ? `[${host}]` : host.replace(/^:/, '127.0.0.1:')
  const url = URL.parse(`http://${authority}`)
  if (url && !/:\d+(\/|$)/.test(authority.replace(/^.*\]/, ''))) url.port = PORT
  return hrefOf(url)
}

function hrefOf(url: URL | null): string | undefined {
  // Ollama's server reads the same variable: there it means all addresses of the machine.
  if (url?.hostname === '0.0.0.0') url.hostname = '127.0.0.1'
  if (url?.hostname === '[::]') url.hostname = '[::1]'
  return url?.href.replace(/\/+$/, '')
}
