import {quoteText} from '../show-text.js'
import {DocumentError, isForbiddenKey, MAX_DEPTH} from './document-limits.js'

const SPACE = /[ \t\r\n]*/y
// biome-ignore lint/suspicious/noControlCharactersInRegex: JSON forbids them in strings
const STRING = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y
const LITERAL = /(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.+-])/y

/**
 * Parses JSON strictly: equal keys, keys that reach the prototype and more than 64 levels are errors. Throws `DocumentError` with the place.
 *
 * JSON.parse keeps the last of two equal keys without a word, names no position for some errors, and quotes the text, which may be a password.
 */
export function parseJson(text: string): unknown {
  const reader = new JsonReader(text)
  const value = reader.readValue(0)
  reader.expectEnd()
  return value
}

class JsonReader {
  readonly #text: string
  #position = 0

  constructor(text: string) {
    this.#text = text
  }

  readValue(depth: number): unknown {
    if (this.#take('{')) return this.#readObject(this.#deeper(depth))
    if (this.#take('[')) return this.#readArray(this.#deeper(depth))
    const token = this.#match(STRING) ?? this.#match(LITERAL)
    if (token === undefined) throw this.#expected('a value')
    return JSON.parse(token)
  }

  expectEnd(): void {
    this.#match(SPACE)
    if (this.#position < this.#text.length) throw this.#expected('nothing more')
  }

  #deeper(depth: number): number {
    if (depth === MAX_DEPTH) throw new DocumentError(`nested more than ${MAX_DEPTH} levels deep`, this.#position - 1)
    return depth + 1
  }

  #readObject(depth: number): Record<string, unknown> {
    const object: Record<string, unknown> = {}
    if (this.#take('}')) return object
    do {
      const key = this.#readKey(object)
      if (!this.#take(':')) throw this.#expected(':')
      object[key] = this.readValue(depth)
    } while (this.#take(','))
    if (!this.#take('}')) throw this.#expected(', or }')
    return object
  }

  #readArray(depth: number): unknown[] {
    const array: unknown[] = []
    if (this.#take(']')) return array
    do array.push(this.readValue(depth))
    while (this.#take(','))
    if (!this.#take(']')) throw this.#expected(', or ]')
    return array
  }

  #readKey(object: object): string {
    this.#match(SPACE)
    const offset = this.#position
    const token = this.#match(STRING)
    if (token === undefined) throw this.#expected('a key in double quotes')
    const key: string = JSON.parse(token)
    if (isForbiddenKey(key)) throw new DocumentError(`the key ${key} is not allowed`, offset)
    if (Object.hasOwn(object, key)) throw new DocumentError(`the key ${quoteText(key)} is there twice`, offset)
    return key
  }

  #take(character: string): boolean {
    this.#match(SPACE)
    if (this.#text[this.#position] !== character) return false
    this.#position += 1
    return true
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position
    const found = pattern.exec(this.#text)?.[0]
    if (found !== undefined) this.#position = pattern.lastIndex
    return found
  }

  #expected(what: string): DocumentError {
    const end = this.#position >= this.#text.length ? ' but the text ends here' : ''
    return new DocumentError(`expected ${what}${end}`, this.#position)
  }
}
