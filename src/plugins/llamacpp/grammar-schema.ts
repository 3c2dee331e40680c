import type {GbnfJsonSchema} from 'node-llama-cpp'
import type {JsonSchema} from '../../core/providers/provider.js'

/** Longer counted repetitions than this make llama.cpp's grammars slow or are refused. */
const MOST_CHARACTERS = 1000
const MOST_ITEMS = 100
const PRIMITIVES = ['string', 'number', 'integer', 'boolean', 'null']
const FORMATS = ['date', 'time', 'date-time']

type Node = Record<string, unknown>

const ANYTHING: Node = {
  oneOf: [{type: ['string', 'number', 'boolean', 'null']}, {type: 'array'}, {type: 'object', additionalProperties: true}],
}

/**
 * The part of a JSON Schema that node-llama-cpp can hold a model to. Optional properties become required ones and unnamed ones
 * are left out, which satisfies the schema too. What a grammar cannot express (ranges, patterns, `allOf`, `not`, `if` …) is left
 * out, so the finished answer has to be checked against the schema itself.
 */
export function toGrammarSchema(schema: JsonSchema): GbnfJsonSchema {
  return new Translation(schema).result() as unknown as GbnfJsonSchema
}

class Translation {
  readonly #root: JsonSchema
  readonly #definitions: Node = {}
  /** Definitions that are being translated: a property that is one of them may not be required of it. */
  readonly #open = new Set<string>()

  constructor(root: JsonSchema) {
    this.#root = root
  }

  result(): Node {
    const node = this.#translate(this.#root)
    return Object.keys(this.#definitions).length > 0 ? {...node, $defs: this.#definitions} : node
  }

  #translate(schema: unknown): Node {
    if (!isNode(schema)) return ANYTHING
    const description = typeof schema.description === 'string' ? {description: schema.description} : {}
    return {...this.#withoutDescription(schema), ...description}
  }

  #withoutDescription(schema: Node): Node {
    const {$ref, type, allOf} = schema
    const literals = 'const' in schema ? [schema.const] : schema.enum
    const alternatives = schema.anyOf ?? schema.oneOf
    if (typeof $ref === 'string') return this.#reference($ref)
    if (Array.isArray(literals)) return literals.length > 0 && literals.every(isLiteral) ? {enum: literals} : ANYTHING
    if (Array.isArray(alternatives) && !('properties' in schema)) return {oneOf: alternatives.map((alternative) => this.#translate(alternative))}
    if (Array.isArray(allOf) && allOf.length === 1 && type === undefined) return this.#translate(allOf[0])
    if (Array.isArray(type)) return {oneOf: type.map((one) => this.#ofType(one, schema))}
    return this.#ofType(type, schema)
  }

  #ofType(type: unknown, schema: Node): Node {
    if (type === 'object' || (type === undefined && 'properties' in schema)) return this.#object(schema)
    if (type === 'array' || (type === undefined && 'items' in schema)) return this.#array(schema)
    if (type === 'string') return stringOf(schema)
    return PRIMITIVES.includes(type as string) ? {type} : ANYTHING
  }

  #object({properties, required, additionalProperties}: Node): Node {
    const needed = Array.isArray(required) ? (required as string[]) : []
    const named = Object.entries(isNode(properties) ? properties : {})
    const possible = named.filter(([name, schema]) => needed.includes(name) || !this.#leadsBack(schema))
    const unnamed = needed.filter((name) => !named.some(([known]) => known === name))
    const entries = [...possible.map(([name, schema]) => [name, this.#translate(schema)]), ...unnamed.map((name) => [name, ANYTHING])]
    if (entries.length > 0) return {type: 'object', properties: Object.fromEntries(entries)}
    const others = isNode(additionalProperties) ? this.#translate(additionalProperties) : (additionalProperties ?? properties === undefined)
    return {type: 'object', properties: {}, additionalProperties: others}
  }

  #array({items, prefixItems, minItems, maxItems}: Node): Node {
    // In draft-07 `items` may be the list that is `prefixItems` now.
    const first = Array.isArray(prefixItems) ? prefixItems : Array.isArray(items) ? items : undefined
    const most = wholeUpTo(MOST_ITEMS, maxItems)
    const least = wholeUpTo(MOST_ITEMS, minItems)
    const prefix = first && {prefixItems: first.map((item) => this.#translate(item))}
    if (first && (items === false || items === first)) return {type: 'array', ...prefix, minItems: first.length, maxItems: first.length}
    return {
      type: 'array',
      ...prefix,
      ...(isNode(items) && {items: this.#translate(items)}),
      ...(least !== undefined && {minItems: least}),
      ...(most !== undefined && most >= Math.max(least ?? 0, first?.length ?? 0) && {maxItems: most}),
    }
  }

  #reference($ref: string): Node {
    const target = this.#targetOf($ref)
    if (!target) return ANYTHING
    const {name, schema} = target
    if (!(name in this.#definitions) && !this.#open.has(name)) {
      this.#open.add(name)
      this.#definitions[name] = this.#translate(schema)
      this.#open.delete(name)
    }
    return {$ref: `#/$defs/${name}`}
  }

  #targetOf($ref: string): {name: string; schema: unknown} | undefined {
    if ($ref === '#') return {name: 'root', schema: {...this.#root, $defs: undefined}}
    const [, key, name] = /^#\/(\$defs|definitions)\/([^/~%]+)$/.exec($ref) ?? []
    const definitions = key && this.#root[key]
    return name !== undefined && isNode(definitions) && name in definitions ? {name, schema: definitions[name]} : undefined
  }

  #leadsBack(schema: unknown): boolean {
    const target = isNode(schema) && typeof schema.$ref === 'string' && this.#targetOf(schema.$ref)
    return target !== undefined && target !== false && this.#open.has(target.name)
  }
}

function stringOf({minLength, maxLength, format}: Node): Node {
  if (FORMATS.includes(format as string)) return {type: 'string', format}
  const least = wholeUpTo(MOST_CHARACTERS, minLength)
  const most = wholeUpTo(MOST_CHARACTERS, maxLength)
  return {
    type: 'string',
    ...(least !== undefined && {minLength: least}),
    ...(most !== undefined && most >= (least ?? 0) && {maxLength: most}),
  }
}

function wholeUpTo(most: number, value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most ? value : undefined
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isLiteral(value: unknown): boolean {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value)
}
