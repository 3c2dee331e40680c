import {DocumentError} from './document-limits.js'
import {parseJson} from './parse-json.js'
import type {SchemaNode} from './schema-nodes.js'

/**
 * Turns the text of a variable or an argument into the type that the schema wants there: text stays text, a list may be written with commas,
 * the rest is JSON. Where the schema says nothing, what is no JSON is text. Throws `DocumentError`.
 */
export function coerceText(text: string, node: SchemaNode): unknown {
  const isStructure = /^\s*[{["]/.test(text)
  if (node.type === 'string') return text
  if (node.type === 'array' && !isStructure) return text.split(',').map((item) => item.trim())
  try {
    return parseJson(text)
  } catch (error) {
    // A word where a number is wanted is left to the validation, which names the type; a broken structure is nothing else.
    if (error instanceof DocumentError && !isStructure) return text
    throw error
  }
}
