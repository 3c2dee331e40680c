import type {JsonSchema} from '../../core/providers/provider.js'

// https://platform.claude.com/docs/en/build-with-claude/structured-outputs names the keywords that Claude is held to, and the limits.
const KEPT = ['title', 'description', 'default', 'type']
const FORMATS = new Set(['date-time', 'time', 'date', 'duration', 'email', 'hostname', 'uri', 'ipv4', 'ipv6', 'uuid'])
/** Of no meaning for the answer, or worked into it elsewhere. */
const LEFT_OUT = new Set(['$schema', '$id', '$comment', '$defs', 'definitions', 'examples'])
/** 24 are allowed; users report that Claude gives up on compiling a schema from 13 on. */
const MOST_OPTIONAL = 12
const MOST_UNIONS = 16
/** References are resolved, so a schema grows by each of its references. */
const MOST_NODES = 1000

/** The schema as Claude can be held to it, what it cannot be held to told in descriptions; undefined where too much would be lost. */
export function toOutputSchema(schema: JsonSchema): JsonSchema | undefined {
  if (schema.type !== 'object') return undefined
  try {
    return new Converter(schema).convert(schema)
  } catch (error) {
    if (error === INEXPRESSIBLE) return undefined
    throw error
  }
}

const INEXPRESSIBLE = new Error('the schema says what Claude cannot be held to')

class Converter {
  readonly #root: JsonSchema
  readonly #open = new Set<unknown>()
  #optional = 0
  #unions = 0
  #nodes = 0

  constructor(root: JsonSchema) {
    this.#root = root
  }

  convert(schema: unknown): JsonSchema {
    // One that is met within itself is recursive.
    if (!isObject(schema) || this.#open.has(schema) || ++this.#nodes > MOST_NODES) throw INEXPRESSIBLE
    this.#open.add(schema)
    const converted = '$ref' in schema ? this.#resolve(schema) : this.#convertKeywords(schema)
    this.#open.delete(schema)
    return converted
  }

  #resolve({$ref, ...others}: JsonSchema): JsonSchema {
    const [document, ...path] = String($ref).split('/')
    if (document !== '#') throw INEXPRESSIBLE
    const found = path.reduce<unknown>((node, key) => (node as JsonSchema)?.[decodeURIComponent(key).replaceAll('~1', '/').replaceAll('~0', '~')], this.#root)
    const converted = this.convert(found)
    return typeof others.description === 'string' ? {...converted, description: others.description} : converted
  }

  #convertKeywords(schema: JsonSchema): JsonSchema {
    const converted: JsonSchema = {}
    const told: string[] = []
    for (const [keyword, value] of Object.entries(schema)) {
      if (LEFT_OUT.has(keyword) || OF_OBJECTS.has(keyword)) continue
      const kept = this.#convertKeyword(keyword, value)
      if (kept) Object.assign(converted, kept)
      else told.push(`${keyword}: ${JSON.stringify(value)}`)
    }
    if ([schema.type].flat().includes('object') || 'properties' in schema) Object.assign(converted, this.#convertObject(schema))
    if (Array.isArray(schema.type)) this.#unions++
    if (this.#optional > MOST_OPTIONAL || this.#unions > MOST_UNIONS) throw INEXPRESSIBLE
    // Anything at all is more than Claude can be held to.
    if (!['type', 'enum', 'const', 'anyOf', 'allOf'].some((keyword) => keyword in converted)) throw INEXPRESSIBLE
    return told.length > 0 ? {...converted, description: [converted.description, `(${told.join(', ')})`].filter(Boolean).join(' ')} : converted
  }

  #convertKeyword(keyword: string, value: unknown): JsonSchema | undefined {
    if (keyword === 'enum' || keyword === 'const') {
      if ([value].flat().some(isObject)) throw INEXPRESSIBLE
      return {[keyword]: value}
    }
    if (keyword === 'anyOf' || keyword === 'oneOf') {
      this.#unions++
      return {anyOf: this.#convertAll(value)}
    }
    if (keyword === 'allOf') return {allOf: this.#convertAll(value)}
    if (keyword === 'items') return {items: this.convert(value)}
    const isKept = KEPT.includes(keyword) || (keyword === 'format' && FORMATS.has(String(value))) || (keyword === 'minItems' && Number(value) <= 1)
    return isKept ? {[keyword]: value} : undefined
  }

  #convertAll(schemas: unknown): JsonSchema[] {
    return (schemas as unknown[]).map((schema) => this.convert(schema))
  }

  /** An object gets what it names and no more: one that is there to be filled freely would stay empty. */
  #convertObject({properties, required = [], additionalProperties, patternProperties}: JsonSchema): JsonSchema {
    const isFree = additionalProperties === true || isObject(additionalProperties) || patternProperties || (!properties && additionalProperties !== false)
    if (isFree) throw INEXPRESSIBLE
    const entries = Object.entries((properties ?? {}) as JsonSchema)
    this.#optional += entries.filter(([name]) => !(required as string[]).includes(name)).length
    return {
      properties: Object.fromEntries(entries.map(([name, schema]) => [name, this.convert(schema)])),
      additionalProperties: false,
      ...((required as string[]).length > 0 && {required}),
    }
  }
}

const OF_OBJECTS = new Set(['properties', 'required', 'additionalProperties', 'patternProperties'])

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
