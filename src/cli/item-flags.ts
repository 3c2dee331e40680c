import {Flags} from '@oclif/core'
import {HelixError} from '../core/errors/helix-error.js'
import {combineItems, type Item, openItems, parseColumnSeparator, readItems, takeLists} from '../core/tasks/read-items.js'

/** Flags that say where the items of `task map` come from. */
export const itemFlags = {
  // oclif's types allow letters only; its parser takes any character.
  null: Flags.boolean({char: '0' as 'z', description: 'items end with a NUL byte instead of a newline'}),
  'arg-file': Flags.string({char: 'a', description: 'read the items from this file instead of standard input', helpValue: 'FILE'}),
  colsep: Flags.string({char: 'C', description: 'regular expression between the columns of an item: {1}, {2} and so on', helpValue: 'REGEX'}),
}

interface ItemFlagValues {
  null: boolean
  'arg-file'?: string | undefined
  colsep?: string | undefined
}

/** The command and its items: from behind `:::`, from a file, or from standard input. Throws `usage`. */
export async function readItemFlags(argv: readonly string[], flags: ItemFlagValues): Promise<{template: string[]; items: AsyncIterable<readonly Item[]>}> {
  const {command: template, lists} = takeLists(argv)
  const columns = flags.colsep === undefined ? undefined : parseColumnSeparator(flags.colsep)
  if (lists.length > 0) {
    if (flags['arg-file'] !== undefined)
      throw new HelixError('usage', 'items come either from --arg-file or from behind :::, not from both', {code: 'ITEMS_INVALID'})
    return {template, items: combineItems(lists, columns)}
  }
  if (flags['arg-file'] === undefined && process.stdin.isTTY) {
    process.stderr.write('helix: reading items from the terminal, one a line, until Ctrl-D; they can also stand behind ::: or in a file (--arg-file)\n')
  }
  const input = flags['arg-file'] === undefined ? process.stdin : await openItems(flags['arg-file'])
  return {template, items: readItems(input, flags.null ? 0 : 10, columns)}
}
