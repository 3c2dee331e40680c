import type {JsonSchema} from '../../core/providers/provider.js'

/** Where a schema holds others: under names, in a list, or as it is. */
const NAMED = ['properties', '$defs']
const LISTED = ['anyOf', 'oneOf', 'prefixItems']
const SINGLE = ['items', 'additionalProperties']

/**
 * The schema in the words that Gemini knows: it takes JSON Schema, but passes over `const`. That becomes an `enum` of one, which Gemini has for
 * texts and numbers; of other constants the type is left. https://ai.google.dev/gemini-api/docs/structured-output
 */
export function toGeminiSchema(schema: JsonSchema): JsonSchema {
  const {const: only, ...rest} = schema
  const entries = Object.entries(rest).map(([key, value]) => [key, toGeminiValue(key, value)])
  return {...('const' in schema && toConstant(only)), ...Object.fromEntries(entries)}
}

function toConstant(value: unknown): JsonSchema {
  if (typeof value === 'string' || typeof value === 'number') return {enum: [value]}
  if (value === null) return {type: 'null'}
  return typeof value === 'boolean' ? {type: 'boolean'} : {}
}

function toGeminiValue(key: string, value: unknown): unknown {
  if (NAMED.includes(key) && isObject(value)) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, toGeminiSchemaOrFlag(inner)]))
  if (LISTED.includes(key) && Array.isArray(value)) return value.map(toGeminiSchemaOrFlag)
  return SINGLE.includes(key) ? toGeminiSchemaOrFlag(value) : value
}

function toGeminiSchemaOrFlag(value: unknown): unknown {
  return isObject(value) ? toGeminiSchema(value) : value
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
