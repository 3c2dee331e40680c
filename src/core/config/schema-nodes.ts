/** The part of JSON Schema that the config uses; `validateValue` knows exactly these keywords. */
export interface SchemaNode {
  readonly type?: 'string' | 'integer' | 'number' | 'boolean' | 'object' | 'array'
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly string[]
  readonly pattern?: string
  readonly minLength?: number
  readonly minimum?: number
  readonly maximum?: number
  readonly items?: SchemaNode
  readonly properties?: Readonly<Record<string, SchemaNode>>
  readonly required?: readonly string[]
  readonly propertyNames?: {readonly pattern: string; readonly description: string}
  readonly additionalProperties?: boolean | SchemaNode
}

/** A string that names where a secret is; the secret itself never stands in a file. */
export const secretReference = {
  type: 'string',
  pattern: '^(env:[A-Za-z_][A-Za-z0-9_]*|keyring:[^\\s:]+)$',
  description: 'where the secret is, as env:NAME or keyring:NAME; the secret itself is refused',
} as const

/** True for a value of the schema that must be `env:NAME` or `keyring:NAME`. */
export function isSecretNode(node: SchemaNode): boolean {
  return node.pattern === secretReference.pattern
}

/** The schema of the value under `key`: a property by name, or the one that all entries of a map share; undefined where the key is unknown. */
export function childNode(node: SchemaNode, key: string): SchemaNode | undefined {
  if (node.properties && Object.hasOwn(node.properties, key)) return node.properties[key]
  if (typeof node.additionalProperties === 'object') return node.additionalProperties
  return node.type === undefined || node.additionalProperties === true ? {} : undefined
}
