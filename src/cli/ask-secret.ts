import {createInterface} from 'node:readline'
import {Writable} from 'node:stream'
import type {AskSecret} from '../core/ssh/authenticate.js'

/** Asks for a secret on the terminal without showing it; undefined where there is no terminal to ask on. */
export function terminalAsk(): AskSecret | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  return (question) =>
    new Promise((resolve) => {
      process.stderr.write(`${question} `)
      const silent = new Writable({write: (_chunk, _encoding, done) => done()})
      const lines = createInterface({input: process.stdin, output: silent, terminal: true})
      const answer = (text: string | undefined) => {
        process.stderr.write('\n')
        lines.close()
        resolve(text)
      }
      lines.once('SIGINT', () => answer(undefined))
      lines.question('', answer)
    })
}
