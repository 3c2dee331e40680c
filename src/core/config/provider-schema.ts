import {secretReference} from './schema-nodes.js'

const dollars = (description: string) => ({type: 'number', minimum: 0, description: `US dollars for a million tokens ${description}`}) as const

const seconds = (description: string, value: number) => ({type: 'number', minimum: 0, maximum: 86_400, default: value, description}) as const

/** What `providers.<id>` says of a provider, beside the settings of its own plugin. */
export const providerSchema = {
  type: 'object',
  description: 'settings of one provider; which others it takes, helix provider show tells',
  properties: {
    type: {type: 'string', minLength: 1, description: 'id of the provider whose plugin serves this name; the name itself where absent'},
    base_url: {type: 'string', pattern: '^https?://', description: 'address of the API, http(s)://…'},
    api_key: {...secretReference, description: 'where the API key is, as env:NAME or keyring:NAME; the key itself is refused'},
    max_tokens: {
      type: 'integer',
      minimum: 1,
      default: 32_000,
      description: 'the longest answer that may be asked for, of a model whose own limit is not known',
    },
    prices: {
      type: 'object',
      default: {},
      description: 'what models cost, by name; counts before what Helix knows of it',
      additionalProperties: {
        type: 'object',
        additionalProperties: false,
        required: ['input', 'output'],
        properties: {
          input: dollars('that are sent'),
          output: dollars('that are answered'),
          cached_input: dollars("that come from the provider's cache"),
          cache_write: dollars("that are written to the provider's cache"),
        },
      },
    },
    retries: {type: 'integer', minimum: 0, maximum: 10, default: 2, description: 'further attempts after a failure that may pass'},
    timeouts: {
      type: 'object',
      description: 'seconds after which a call is given up; 0 for never',
      additionalProperties: false,
      default: {},
      properties: {
        connect: seconds('until there is a connection', 10),
        first_token: seconds('until the first piece of the answer', 300),
        idle: seconds('between two pieces of the answer', 120),
        total: seconds('until the answer is complete', 1800),
      },
    },
  },
  additionalProperties: true,
} as const
