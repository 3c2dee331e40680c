import {ProviderError} from './provider-error.js'
import type {ProviderOptions} from './provider-plugin.js'

/** Ends a call when it is cancelled or takes too long, even where the adapter does not react. */
export class Watch {
  readonly #controller = new AbortController()
  readonly #options: Pick<ProviderOptions, 'id' | 'timeouts'>
  readonly #callerSignal: AbortSignal | undefined
  readonly #timers: NodeJS.Timeout[] = []
  #progress: NodeJS.Timeout | undefined
  #hasBegun = false
  #reject: ((reason: unknown) => void) | undefined

  /** @param total when the call must be over, in milliseconds since 1970 */
  constructor(options: Pick<ProviderOptions, 'id' | 'timeouts' | 'clock'>, callerSignal: AbortSignal | undefined, total = Number.POSITIVE_INFINITY) {
    this.#options = options
    this.#callerSignal = callerSignal
    if (callerSignal?.aborted) this.#onCancel()
    callerSignal?.addEventListener('abort', this.#onCancel)
    if (Number.isFinite(total)) {
      const timeout = options.timeouts.total
      this.#timers.push(setTimeout(() => this.#end(timedOut(options.id, `its answer was not complete after ${timeout} s`)), total - options.clock.now()))
    }
    this.#await(options.timeouts.firstToken, `it did not begin to answer within ${options.timeouts.firstToken} s`)
  }

  /** Aborted when the call is over, however that came. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the call was ended from here. */
  reason: ProviderError | undefined

  /** The next event; rejects as soon as the call is ended. The time that whoever reads takes does not count. */
  next<T>(events: AsyncIterator<T>): Promise<IteratorResult<T>> {
    this.#progress?.refresh()
    return this.during(events.next(), () => {
      if (!this.#hasBegun) this.#begin()
    })
  }

  /** What the promise resolves to; rejects as soon as the call is ended. */
  during<T>(promise: Promise<T>, onResolved: () => void = () => {}): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.reason) reject(this.reason)
      this.#reject = reject
      promise.then((value) => {
        this.#reject = undefined
        onResolved()
        resolve(value)
      }, reject)
    })
  }

  /** Ends what is still under way. */
  close(): void {
    this.#callerSignal?.removeEventListener('abort', this.#onCancel)
    for (const timer of this.#timers) clearTimeout(timer)
    clearTimeout(this.#progress)
    this.#controller.abort()
  }

  #begin(): void {
    this.#hasBegun = true
    clearTimeout(this.#progress)
    this.#await(this.#options.timeouts.idle, `nothing more of its answer came for ${this.#options.timeouts.idle} s`)
  }

  #await(seconds: number, problem: string): void {
    // What comes after the end begins nothing: its timer would keep the process alive.
    if (seconds > 0 && !this.signal.aborted) this.#progress = setTimeout(() => this.#reject && this.#end(timedOut(this.#options.id, problem)), seconds * 1000)
  }

  readonly #onCancel = (): void => this.#end(new ProviderError('interrupted', 'cancelled', {code: 'CANCELLED'}))

  #end(reason: ProviderError): void {
    this.reason ??= reason
    this.#controller.abort(this.reason)
    this.#reject?.(this.reason)
  }
}

function timedOut(provider: string, problem: string): ProviderError {
  const hint = `Other limits can be set: helix config set providers.${provider}.timeouts.total SECONDS (connect, first_token, idle, total)`
  return new ProviderError('unavailable', `${provider}: ${problem}`, {code: 'TIMEOUT', hint})
}
