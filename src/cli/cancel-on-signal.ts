import {constants} from 'node:os'
import type {ForegroundRequest} from '../core/scheduler/foreground-request.js'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/**
 * On INT, TERM and HUP, and when whoever reads standard output has left, cancels what a request still runs; a second signal leaves
 * at once, with the cancel request stored. The returned function tells whether there was a signal.
 */
export function cancelOnSignal(request: ForegroundRequest, say: (message: string) => void): () => boolean {
  let asked: Promise<void> | undefined
  let signalled = false
  const cancel = () => {
    asked = request.cancel().catch((error: unknown) => say(String(error)))
  }
  process.stdout.once('error', () => asked ?? cancel())
  for (const signal of SIGNALS) {
    process.on(signal, () => {
      signalled = true
      if (asked) {
        void asked.finally(() => process.exit(128 + constants.signals[signal]))
        return
      }
      say(`${signal}: cancelling ${request.open === 1 ? 'the task' : `${request.open} tasks`}; once more to leave at once`)
      cancel()
    })
  }
  return () => signalled
}
