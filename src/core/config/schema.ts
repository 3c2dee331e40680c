import type {FromSchema} from 'json-schema-to-ts'
import {modelsSchema} from './models-schema.js'
import {providerSchema} from './provider-schema.js'
import {workerSchema} from './worker-schema.js'

const NAME = {pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$', description: 'letters, digits, dots, dashes and underscores, at most 63'} as const
const WORKER_NAME = {
  pattern: '^(?!local$)[A-Za-z0-9][A-Za-z0-9._-]{0,62}$',
  description: 'letters, digits, dots, dashes and underscores, at most 63, and not "local", which is this machine',
} as const

/** The one description of a Helix config: what is allowed, what it means, and the defaults (nowhere else). */
export const configSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  title: 'Helix configuration',
  type: 'object',
  additionalProperties: false,
  properties: {
    $schema: {type: 'string', description: 'where an editor finds this schema; Helix does not read it'},
    global: {
      type: 'object',
      description: 'settings of every command',
      additionalProperties: false,
      default: {},
      properties: {
        log_level: {type: 'string', enum: ['error', 'warn', 'info', 'debug'], default: 'info', description: 'how much goes to stderr and the log'},
      },
    },
    database: {
      type: 'object',
      description: 'the store of tasks and workers',
      additionalProperties: false,
      default: {},
      properties: {
        url: {
          type: 'string',
          pattern: '^(postgres(ql)?://.|(sqlite|file):(//)?/.)',
          description: 'postgres://… for a team, or sqlite:///absolute/path; a SQLite file in the data folder where absent',
        },
        synchronous: {
          type: 'string',
          enum: ['normal', 'full'],
          default: 'normal',
          description: 'SQLite: full keeps the last commits through a power cut, normal only through a crash',
        },
      },
    },
    workers: {
      type: 'object',
      description: 'the pool of machines',
      additionalProperties: false,
      default: {},
      properties: {
        enabled: {type: 'boolean', default: true, description: 'whether tasks go to workers at all'},
        pool: {type: 'object', default: {}, propertyNames: WORKER_NAME, additionalProperties: workerSchema, description: 'machines by name'},
        auto_install: {
          type: 'boolean',
          default: true,
          description: 'install Helix on workers that lack it, when they are added or first connected to; without it tasks run by their shell',
        },
        health_check_interval: {
          type: 'integer',
          minimum: 10,
          maximum: 300,
          default: 30,
          description: "seconds between checks of a worker's load and disk, and at times of what it has; a lost connection is noticed without them",
        },
        max_concurrent_tasks: {type: 'integer', minimum: 1, maximum: 100, default: 10, description: 'tasks that one coordinator runs at once'},
        log_retention_days: {type: 'integer', minimum: 1, maximum: 36500, default: 14, description: 'days that tasks are kept after their end'},
        log_retention_bytes: {
          type: 'integer',
          minimum: 0,
          default: 10_737_418_240,
          description: 'bytes that each worker keeps of what tasks have printed; beyond that the oldest goes first',
        },
      },
    },
    clients: {
      type: 'object',
      description: 'the ways to use Helix',
      additionalProperties: false,
      default: {},
      properties: {
        terminal_ui: {
          type: 'object',
          description: 'views in the terminal',
          additionalProperties: false,
          default: {},
          properties: {
            enabled: {type: 'boolean', default: true, description: 'live views where the terminal can show them'},
            theme: {type: 'string', minLength: 1, default: 'default', description: 'name of the colour theme'},
            layout: {type: 'string', minLength: 1, default: 'standard', description: 'name of the layout'},
          },
        },
        rest_api: {
          type: 'object',
          description: 'the REST API',
          additionalProperties: false,
          default: {},
          properties: {
            enabled: {type: 'boolean', default: true, description: 'whether helix serve answers API requests'},
            port: {type: 'integer', minimum: 1, maximum: 65535, default: 8080, description: 'TCP port'},
            cors: {
              type: 'object',
              description: 'which web pages may call the API',
              additionalProperties: false,
              default: {},
              properties: {
                allowed_origins: {type: 'array', items: {type: 'string', minLength: 1}, default: [], description: 'origins; none are allowed until listed'},
                allowed_methods: {
                  type: 'array',
                  items: {type: 'string', enum: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']},
                  default: ['GET', 'POST', 'PUT', 'DELETE'],
                  description: 'HTTP methods',
                },
              },
            },
          },
        },
        mobile: {
          type: 'object',
          description: 'the web app for phones',
          additionalProperties: false,
          default: {},
          properties: {
            enabled: {type: 'boolean', default: true, description: 'whether helix serve offers it'},
            platforms: {type: 'array', items: {type: 'string', enum: ['ios', 'android']}, default: ['ios', 'android'], description: 'where it is offered'},
            push_notifications: {type: 'boolean', default: false, description: 'whether it may notify'},
          },
        },
        cli: {
          type: 'object',
          description: 'the command line',
          additionalProperties: false,
          default: {},
          properties: {
            enabled: {type: 'boolean', default: true, description: 'accepted for completeness; the command line cannot be turned off'},
            output_format: {type: 'string', enum: ['text', 'json', 'yaml'], default: 'text', description: 'what commands print'},
            auto_complete: {type: 'boolean', default: true, description: 'complete names from the store in the shell'},
          },
        },
      },
    },
    providers: {
      type: 'object',
      description: 'language model providers by id',
      default: {},
      propertyNames: NAME,
      additionalProperties: providerSchema,
    },
    models: modelsSchema,
    ui: {type: 'object', description: 'reserved: looks of the terminal views', additionalProperties: false, default: {}},
    security: {type: 'object', description: 'reserved: permissions and accounts', additionalProperties: false, default: {}},
    tools: {type: 'object', description: 'reserved: tools that models may call', additionalProperties: false, default: {}},
    notifications: {type: 'object', description: 'reserved: where events are sent', additionalProperties: false, default: {}},
  },
} as const

/** A whole config: every source merged, defaults filled in. */
export type HelixConfig = FromSchema<typeof configSchema>

/** A machine as `workers.pool` describes it, defaults filled in. */
export type WorkerConfig = FromSchema<typeof workerSchema>
