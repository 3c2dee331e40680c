import {type Argument, argumentText} from '../core/workers/shell-quote.js'
import {shortCommand} from './describe-task.js'

/** Helps somebody whose program was not found because it is a command that was written for a shell. */
export function hintAtShell([program]: readonly Argument[], warn: (message: string) => void): void {
  const text = program === undefined ? '' : argumentText(program)
  if (!/\s/.test(text)) return
  warn(`no shell reads a command: "${shortCommand([text])}" is taken for the name of a program; write its words apart, or ask for a shell: sh -c '...'`)
}
