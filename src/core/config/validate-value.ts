import {nearestName} from '../nearest-name.js'
import type {ConfigPath} from './config-path.js'
import {isPlainObject} from './plain-object.js'
import {childNode, type SchemaNode} from './schema-nodes.js'

/** One thing that is wrong with a config. The message never contains a value, which may be a secret. */
export interface ConfigProblem {
  path: ConfigPath
  message: string
}

/**
 * Checks a value against a schema and returns what is wrong, in the order of the document.
 *
 * A hundred lines in place of ajv, which needs 90 ms to compile this schema at each start; the tests hold the two to the same verdicts.
 */
export function validateValue(value: unknown, node: SchemaNode, path: ConfigPath = []): ConfigProblem[] {
  if (node.type !== undefined && !hasType(value, node.type)) return [{path, message: `must be ${ARTICLES[node.type]}, not ${describeType(value)}`}]
  if (typeof value === 'string') return problemOf(path, checkString(value, node))
  if (typeof value === 'number') return problemOf(path, checkNumber(value, node))
  if (Array.isArray(value)) return validateItems(value, node, path)
  if (isPlainObject(value)) return validateObject(value, node, path)
  return []
}

const ARTICLES = {string: 'a string', integer: 'a whole number', number: 'a number', boolean: 'true or false', object: 'an object', array: 'a list'}

function hasType(value: unknown, type: NonNullable<SchemaNode['type']>): boolean {
  if (type === 'integer') return Number.isInteger(value)
  if (type === 'array') return Array.isArray(value)
  return type === 'object' ? isPlainObject(value) : typeof value === type
}

function describeType(value: unknown): string {
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function problemOf(path: ConfigPath, message: string | undefined): ConfigProblem[] {
  return message === undefined ? [] : [{path, message}]
}

function checkString(value: string, node: SchemaNode): string | undefined {
  if (node.enum && !node.enum.includes(value)) return `must be one of ${node.enum.join(', ')}`
  if (node.minLength !== undefined && value.length < node.minLength) return 'must not be empty'
  if (node.pattern !== undefined && !new RegExp(node.pattern, 'u').test(value)) return `is not acceptable; it is ${node.description}`
  return undefined
}

function checkNumber(value: number, node: SchemaNode): string | undefined {
  if (node.minimum !== undefined && value < node.minimum) return `must be at least ${node.minimum}`
  if (node.maximum !== undefined && value > node.maximum) return `must be at most ${node.maximum}`
  return undefined
}

function validateItems(items: readonly unknown[], node: SchemaNode, path: ConfigPath): ConfigProblem[] {
  const itemNode = node.items ?? {}
  return items.flatMap((item, index) => validateValue(item, itemNode, [...path, String(index)]))
}

function validateObject(object: Record<string, unknown>, node: SchemaNode, path: ConfigPath): ConfigProblem[] {
  const missing = (node.required ?? []).filter((key) => !Object.hasOwn(object, key)).map((key) => ({path: [...path, key], message: 'is missing'}))
  return [...missing, ...Object.entries(object).flatMap(([key, value]) => validateEntry(key, value, node, path))]
}

function validateEntry(key: string, value: unknown, node: SchemaNode, path: ConfigPath): ConfigProblem[] {
  const names = node.propertyNames
  if (names && !new RegExp(names.pattern, 'u').test(key)) return [{path: [...path, key], message: `is not acceptable as a name: ${names.description}`}]
  const child = childNode(node, key)
  return child ? validateValue(value, child, [...path, key]) : [{path: [...path, key], message: unknownKey(key, node)}]
}

/** What to say of a key that the schema does not have there, with the one that was probably meant. */
export function unknownKey(key: string, node: SchemaNode): string {
  const meant = nearestName(key, Object.keys(node.properties ?? {}))
  return meant === undefined ? 'is not a setting' : `is not a setting; did you mean ${meant}?`
}
