import {constants} from 'node:os'

/** Aborts on the first INT, TERM or HUP, and when whoever reads standard output has left; the second signal leaves at once. */
export function stopOnSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(128 + constants.signals[signal])
      stop.abort()
    })
  }
  process.stdout.once('error', () => stop.abort())
  return stop.signal
}
