import {secretReference} from './schema-nodes.js'

/** One machine of `workers.pool`. Ports and users that are absent come from ssh_config, so they have no default here. */
export const workerSchema = {
  type: 'object',
  description: 'a machine reached over SSH',
  additionalProperties: false,
  required: ['host'],
  properties: {
    host: {
      type: 'string',
      pattern: '^[\\p{L}\\p{N}_.:][\\p{L}\\p{N}\\p{M}_.:%+-]*$',
      description: 'host name, address, or a Host alias of ssh_config',
    },
    transport: {
      type: 'string',
      enum: ['ssh2', 'openssh'],
      default: 'ssh2',
      description: "who speaks SSH: `ssh2` within Helix, or the system's `openssh`, for certificates, hardware keys, GSSAPI and ProxyCommand",
    },
    port: {type: 'integer', minimum: 1, maximum: 65535, description: 'SSH port; from ssh_config, or 22, where absent'},
    username: {
      type: 'string',
      pattern: '^[\\p{L}\\p{N}_.][\\p{L}\\p{N}\\p{M}_.@+-]*$',
      description: 'user to log in as; from ssh_config, or your own name, where absent',
    },
    key_path: {type: 'string', minLength: 1, description: 'private key file; ~ is the home folder'},
    password: {...secretReference, description: 'where the SSH password is, as env:NAME or keyring:NAME; the password itself is refused'},
    passphrase: {...secretReference, description: "where the key's passphrase is, as env:NAME or keyring:NAME; the passphrase itself is refused"},
    known_hosts: {type: 'string', minLength: 1, description: "known_hosts file that is read beside the user's own"},
    host_key: {type: 'string', pattern: '^SHA256:[A-Za-z0-9+/]{43}=?$', description: 'the only host key that is accepted, as SHA256:…'},
    capabilities: {
      type: 'array',
      default: [],
      items: {type: 'string', minLength: 1},
      description: 'what the machine can do; a task that asks for a capability runs only where it is listed',
    },
    labels: {type: 'object', default: {}, additionalProperties: {type: 'string'}, description: 'free name and value pairs'},
    slots: {type: 'integer', minimum: 1, default: 1, description: 'tasks that the machine may run at once'},
  },
} as const
