import {type Argument, argumentText} from '../core/workers/shell-quote.js'
import {shortCommand} from './describe-task.js'

/** What helps somebody whose command failed because it was written for a shell; undefined where it looks like any other. */
export function hintAtShell([program]: readonly Argument[]): string | undefined {
  const text = program === undefined ? '' : argumentText(program)
  if (!/\s/.test(text)) return undefined
  return `no shell reads a command: "${shortCommand([text])}" is taken for the name of a program; write its words apart, or ask for a shell: sh -c '...'`
}
