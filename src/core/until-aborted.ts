import {HelixError} from './errors/helix-error.js'

/** Throws (kind `interrupted`) when the signal is aborted. */
export function checkAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new HelixError('interrupted', 'cancelled', {code: 'CANCELLED'})
}

/** What the work comes to; rejects as `checkAborted` as soon as the signal is aborted, and leaves the work to its own end. */
export async function untilAborted<T>(signal: AbortSignal, work: Promise<T>): Promise<T> {
  const aborted = new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), {once: true})
  })
  return Promise.race([work, aborted.then(() => checkAborted(signal) as never)])
}
