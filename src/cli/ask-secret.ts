import {createInterface} from 'node:readline'
import {Writable} from 'node:stream'
import {HelixError} from '../core/errors/helix-error.js'
import type {AskSecret} from '../core/ssh/authenticate.js'

// Several connections may want to know something at the same time.
let before: Promise<unknown> = Promise.resolve()

/** Asks for a secret on the terminal without showing it; undefined where there is no terminal to ask on. Ctrl-C does what it does elsewhere. */
export function terminalAsk(): AskSecret | undefined {
  if (!process.stdin.isTTY || !process.stderr.isTTY) return undefined
  return (question) => {
    // Who has left one question is not asked the next.
    const asked = before.then(() => ask(question))
    before = asked
    before.catch(() => {})
    return asked
  }
}

function ask(question: string): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    process.stderr.write(`${question} `)
    const silent = new Writable({write: (_chunk, _encoding, done) => done()})
    const lines = createInterface({input: process.stdin, output: silent, terminal: true})
    lines.once('SIGINT', () => {
      reject(new HelixError('interrupted', 'interrupted', {code: 'INTERRUPTED'}))
      lines.close()
      process.kill(process.pid, 'SIGINT')
    })
    // At Ctrl-D without an answer.
    lines.once('close', () => {
      process.stderr.write('\n')
      resolve(undefined)
    })
    lines.question('', (text) => {
      resolve(text)
      lines.close()
    })
  })
}
