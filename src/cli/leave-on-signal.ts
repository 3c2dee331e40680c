import {constants} from 'node:os'

/**
 * Aborts on the first INT, TERM or HUP, and when whoever reads standard output has left, with the exit code as its reason: 128 + N, as
 * shells count. The second signal leaves at once.
 */
export function leaveOnSignal(): AbortSignal {
  const stop = new AbortController()
  const codeOf = (signal: keyof typeof constants.signals) => 128 + constants.signals[signal]
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(codeOf(signal))
      stop.abort(codeOf(signal))
    })
  }
  process.stdout.once('error', () => stop.abort(codeOf('SIGPIPE')))
  return stop.signal
}
