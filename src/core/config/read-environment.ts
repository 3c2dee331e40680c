import {nearestName} from '../nearest-name.js'
import {isSecretReference} from '../security/secret-reference.js'
import {coerceText} from './coerce-text.js'
import {showProblem, variableError} from './config-error.js'
import type {ConfigPath} from './config-path.js'
import {DocumentError, isForbiddenKey} from './document-limits.js'
import {isPlainObject} from './plain-object.js'
import {configSchema} from './schema.js'
import {schemaAt} from './schema-at.js'
import {isSecretNode, type SchemaNode} from './schema-nodes.js'

/** A setting that an environment variable makes. */
export interface EnvironmentSetting {
  variable: string
  path: ConfigPath
  value: unknown
}

const SECTIONS = Object.keys(configSchema.properties)
const ALIASES = new Map<string, ConfigPath>([['HELIX_DATABASE_URL', ['database', 'url']]])

/**
 * The settings in `HELIX_…` variables, an empty variable being no setting. `below` are the settings of the files: a variable can name their
 * keys (`worker-node-1`) only with underscores. Throws kind `config` with the name of the variable.
 */
export function readEnvironment(env: NodeJS.ProcessEnv, below: Record<string, unknown>): EnvironmentSetting[] {
  const variables = Object.keys(env).filter((name) => name.startsWith('HELIX_') && !ALIASES.has(name))
  return [...ALIASES.keys(), ...variables].flatMap((variable) => {
    const text = env[variable]
    const path = ALIASES.get(variable) ?? pathOf(variable, below)
    return text && path ? [{variable, path, value: readValue(variable, text, path)}] : []
  })
}

function pathOf(variable: string, below: Record<string, unknown>): ConfigPath | undefined {
  const [section = '', ...words] = variable.slice('HELIX_'.length).split('__')
  if (words.length === 0) return undefined
  if (SECTIONS.some((name) => asVariable(name) === section)) return keysOf([section, ...words], below)
  const meant = nearestName(section, SECTIONS)
  // HELIX_ is not ours alone, so a section that resembles none of ours is somebody else's.
  if (meant === undefined) return undefined
  throw variableError(variable, `there is no section ${section}; did you mean HELIX_${[asVariable(meant), ...words].join('__')}?`)
}

function keysOf(words: readonly string[], below: Record<string, unknown>): ConfigPath {
  const path: string[] = []
  let node: SchemaNode | undefined = configSchema
  let value: unknown = below
  for (const word of words) {
    const known = [...Object.keys(node?.properties ?? {}), ...(isPlainObject(value) ? Object.keys(value) : [])]
    const key = known.find((name) => asVariable(name) === word) ?? word.toLowerCase()
    path.push(key)
    const found = schemaAt(path)
    node = 'node' in found ? found.node : undefined
    value = isPlainObject(value) ? value[key] : undefined
  }
  return path
}

function asVariable(key: string): string {
  return key.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')
}

function readValue(variable: string, text: string, path: ConfigPath): unknown {
  const found = schemaAt(path)
  if ('problem' in found) throw variableError(variable, showProblem(found.problem))
  if (path.some(isForbiddenKey)) throw variableError(variable, 'the name is not allowed')
  // A variable may hold the secret itself; the config then says where it is, like everywhere else.
  if (isSecretNode(found.node)) return isSecretReference(text) ? text : `env:${variable}`
  try {
    return coerceText(text, found.node)
  } catch (error) {
    throw error instanceof DocumentError ? variableError(variable, error.message) : error
  }
}
