import {type Argument, argumentBytes} from '../workers/shell-quote.js'

/** A command as a POSIX shell would read it back, byte for byte; quoted where GNU parallel quotes, and as it does. */
export function quoteCommand(command: readonly Argument[]): Buffer {
  const words = command.map((argument) => quoteWord(argumentBytes(argument).toString('latin1')))
  return Buffer.from(words.join(' '), 'latin1')
}

function quoteWord(word: string): string {
  if (word === '') return "''"
  if (/^[-_.+A-Za-z0-9/]+$/.test(word)) return word
  return `'${word.replaceAll("'", `'"'"'`)}'`.replace(/^''|''$/g, '')
}
