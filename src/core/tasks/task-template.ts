import type {Argument} from '../workers/shell-quote.js'
import {argumentBytes, toArgument} from '../workers/shell-quote.js'
import type {Item} from './read-items.js'

/** GNU parallel's replacement strings: `{}`, `{#}`, a position as in `{2}` or `{-1}`, and any of `.`, `/`, `//`, `/.` behind it. */
const PLACEHOLDER = /\{(?:(#)|(-?[1-9]\d*)?(\.|\/\/|\/\.|\/)?)\}/g

/**
 * The command of one item: its replacement strings are filled in, byte for byte, in every argument; without any the item is
 * appended. Nothing is quoted, since no shell reads the result.
 */
export function fillTemplate(template: readonly string[], item: Item, number: number): Argument[] {
  const filled = template.map((argument) => toArgument(fillText(argument, item, number)))
  return template.some((argument) => argument.search(PLACEHOLDER) >= 0) ? filled : [...filled, toArgument(joinColumns(item))]
}

/** Fills replacement strings in, as `fillTemplate` does in one argument. */
export function fillText(text: string, item: Item, number: number): Buffer {
  // latin1 maps each byte to one character and back, so that bytes that are not UTF-8 pass untouched.
  const columns = item.map((column) => column.toString('latin1'))
  const bytes = Buffer.from(text).toString('latin1')
  const filled = bytes.replace(PLACEHOLDER, (placeholder: string, sequence?: string, position?: string, part = '') => {
    if (sequence) return String(number)
    if (!position) return columns.map((column) => partOf(column, part)).join(' ')
    const column = columns.at(position.startsWith('-') ? Number(position) : Number(position) - 1)
    // Of an item that has no columns `{4}` may be meant for something else, such as a regular expression.
    if (column === undefined) return item.isRow || columns.length > 1 ? '' : placeholder
    return partOf(column, part)
  })
  return Buffer.from(filled, 'latin1')
}

/** An item as `{}` and HELIX_ITEM have it: its columns with a space between. */
export function joinColumns(item: Item): Buffer {
  const [only] = item
  if (item.length === 1 && only) return only
  return Buffer.from(item.map((column) => column.toString('latin1')).join(' '), 'latin1')
}

/** The argument's bytes hold no NUL, which no operating system passes to a program. */
export function isPassable(argument: Argument): boolean {
  return !argumentBytes(argument).includes(0)
}

function partOf(path: string, part: string): string {
  switch (part) {
    case '.':
      return withoutExtension(path)
    case '/':
      return baseName(path)
    case '/.':
      return withoutExtension(baseName(path))
    case '//':
      return folderOf(path)
    default:
      return path
  }
}

function withoutExtension(path: string): string {
  return path.replace(/\.[^/.]*$/, '')
}

function baseName(path: string): string {
  return path.replace(/[^\n]*\//, '')
}

/** As dirname of Perl's File::Basename, which GNU parallel uses: `a/b/` is in `a`, `/x` in `/`, `x` in `.`. */
function folderOf(path: string): string {
  const parent = (of: string) => of.slice(0, of.lastIndexOf('/') + 1)
  const trim = (of: string) => of.replace(/(?<=.)\/+$/s, '')
  const folder = path.endsWith('/') ? parent(trim(path)) : parent(path)
  // What is nothing but slashes is its own folder.
  if (folder === '') return path.startsWith('/') ? '/' : '.'
  return trim(folder)
}
