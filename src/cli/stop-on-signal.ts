import {constants} from 'node:os'

/** Aborts on the first INT, TERM or HUP; the second one leaves at once. */
export function stopOnSignal(): AbortSignal {
  const stop = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(128 + constants.signals[signal])
      stop.abort()
    })
  }
  return stop.signal
}
