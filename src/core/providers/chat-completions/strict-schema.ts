import type {JsonSchema} from '../provider.js'
import type {WireRequest} from './wire.js'

/** What OpenAI's strict mode knows of JSON Schema: https://platform.openai.com/docs/guides/structured-outputs */
const KNOWN = new Set([
  ...['$defs', '$ref', 'additionalProperties', 'anyOf', 'const', 'description', 'enum', 'items', 'properties', 'required', 'title', 'type'],
  ...['exclusiveMaximum', 'exclusiveMinimum', 'format', 'maxItems', 'maximum', 'minItems', 'minimum', 'multipleOf', 'pattern'],
])

/** Whether OpenAI would take the schema in strict mode: an object whose objects all require all that they have, and have no more. */
export function fitsStrictMode(schema: JsonSchema): boolean {
  return schema.type === 'object' && schema.anyOf === undefined && fits(schema)
}

function fits(schema: unknown): boolean {
  if (typeof schema !== 'object' || schema === null || Array.isArray(schema)) return false
  const {properties = {}, required = [], additionalProperties, items, anyOf = [], $defs = {}, type} = schema as JsonSchema
  if (Object.keys(schema).some((keyword) => !KNOWN.has(keyword))) return false
  if ([type].flat().includes('object')) {
    const needed = new Set(required as string[])
    if (additionalProperties !== false || !Object.keys(properties as object).every((name) => needed.has(name))) return false
  }
  const children = [...Object.values(properties as object), ...Object.values($defs as object), ...(anyOf as unknown[])]
  return (items === undefined || fits(items)) && children.every(fits)
}

/** The format of an answer for a service that holds its models to any schema, also to those that OpenAI would not take in strict mode. */
export function strictly<Format extends WireRequest['response_format']>(format: Format): Format {
  return format?.type === 'json_schema' ? {...format, json_schema: {...format.json_schema, strict: true}} : format
}
