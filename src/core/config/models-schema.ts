/** `models`: which model answers under which name, what is asked in its place, and what that may cost. */
export const modelsSchema = {
  type: 'object',
  description: 'language models: names for them, and what to do when one does not answer',
  additionalProperties: false,
  default: {},
  properties: {
    aliases: {
      type: 'object',
      default: {},
      propertyNames: {pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', description: 'letters, digits, dots, dashes and underscores, at most 63'},
      additionalProperties: {type: 'string', pattern: '^[^/]+/.', description: 'a model as provider/model'},
      description: 'short names for models; helix model alias writes them',
    },
    fallbacks: {
      type: 'object',
      default: {},
      additionalProperties: {type: 'array', items: {type: 'string', minLength: 1, description: 'a model as provider/model, or an alias'}},
      description: 'models to ask, in order, when one is out of reach, limits the rate or has no room for the question; by its name or alias',
    },
    cooldown: {
      type: 'integer',
      minimum: 0,
      maximum: 3600,
      default: 60,
      description: 'seconds for which a model that failed is passed over where it has fallbacks, unless its provider says for how long',
    },
    max_cost_per_day: {
      type: 'object',
      default: {},
      additionalProperties: {type: 'number', minimum: 0},
      description: 'US dollars that a project may spend on models in a day (UTC), by the name of the project',
    },
  },
} as const
