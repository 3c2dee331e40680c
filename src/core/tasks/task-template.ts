import type {Argument} from '../workers/shell-quote.js'
import {argumentBytes, toArgument} from '../workers/shell-quote.js'

const ITEM = Buffer.from('{}')
const NUMBER = Buffer.from('{#}')

/**
 * The command of one item: `{}` becomes the item and `{#}` its number, byte for byte, in every argument;
 * without any `{}` the item is appended. Nothing is quoted, since no shell reads the result.
 */
export function fillTemplate(template: readonly string[], item: Buffer, number: number): Argument[] {
  const filled = template.map((argument) => toArgument(replaceBytes(Buffer.from(argument), item, number)))
  return template.some((argument) => argument.includes('{}')) ? filled : [...filled, toArgument(item)]
}

/** The same in a text that is not an argument, such as the name of a file: nothing is appended. */
export function fillText(text: string, item: Buffer, number: number): string {
  return replaceBytes(Buffer.from(text), item, number).toString()
}

function replaceBytes(text: Buffer, item: Buffer, number: number): Buffer {
  const parts: Buffer[] = []
  let from = 0
  while (from < text.length) {
    const at = nextPlaceholder(text, from)
    if (at < 0) break
    const isNumber = text.subarray(at, at + NUMBER.length).equals(NUMBER)
    parts.push(text.subarray(from, at), isNumber ? Buffer.from(String(number)) : item)
    from = at + (isNumber ? NUMBER : ITEM).length
  }
  return Buffer.concat([...parts, text.subarray(from)])
}

function nextPlaceholder(text: Buffer, from: number): number {
  const found = [text.indexOf(ITEM, from), text.indexOf(NUMBER, from)].filter((at) => at >= 0)
  return found.length > 0 ? Math.min(...found) : -1
}

/** The argument's bytes hold no NUL, which no operating system passes to a program. */
export function isPassable(argument: Argument): boolean {
  return !argumentBytes(argument).includes(0)
}
