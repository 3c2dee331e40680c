import {splitWorker} from './model-name.js'
import {ProviderError} from './provider-error.js'
import type {ProviderOptions} from './provider-plugin.js'

/** Ends a call when it is cancelled or takes too long, even where the adapter does not react. */
export class Watch {
  readonly #controller = new AbortController()
  readonly #options: Pick<ProviderOptions, 'id' | 'timeouts'>
  readonly #callerSignal: AbortSignal | undefined
  readonly #total: NodeJS.Timeout | undefined
  #progress: NodeJS.Timeout | undefined
  #hasBegun = false
  #hasMoved = false
  #reject: ((reason: unknown) => void) | undefined

  /** @param total when the call must be over, in milliseconds since 1970 */
  constructor(options: Pick<ProviderOptions, 'id' | 'timeouts' | 'clock'>, callerSignal: AbortSignal | undefined, total = Number.POSITIVE_INFINITY) {
    const {id, timeouts, clock} = options
    this.#options = options
    this.#callerSignal = callerSignal
    if (callerSignal?.aborted) this.#onCancel()
    callerSignal?.addEventListener('abort', this.#onCancel)
    if (Number.isFinite(total)) {
      this.#total = setTimeout(() => this.#end(timedOut(id, `its answer was not complete after ${timeouts.total} s`)), total - clock.now())
    }
    this.#await(timeouts.firstToken, `it did not begin to answer within ${timeouts.firstToken} s`)
  }

  /** Aborted when the call is over, however that came. */
  get signal(): AbortSignal {
    return this.#controller.signal
  }

  /** Why the call was ended from here. */
  reason: ProviderError | undefined

  /** The next event; rejects as soon as the call is ended. The time that whoever reads takes does not count. */
  next<T>(events: AsyncIterator<T>): Promise<IteratorResult<T>> {
    if (this.#hasMoved) this.#progress?.refresh()
    this.#hasMoved = false
    return this.during(events.next())
  }

  /** Something of the answer has come. Whatever else a server sends, to keep a connection open, does not count. */
  moved(): void {
    this.#hasMoved = true
    if (this.#hasBegun) return
    this.#hasBegun = true
    clearTimeout(this.#progress)
    this.#await(this.#options.timeouts.idle, `nothing more of its answer came for ${this.#options.timeouts.idle} s`)
  }

  /** What the promise resolves to; rejects as soon as the call is ended. */
  during<T>(promise: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.reason) reject(this.reason)
      this.#reject = reject
      promise.then((value) => {
        this.#reject = undefined
        resolve(value)
      }, reject)
    })
  }

  /** Ends what is still under way. */
  close(): void {
    this.#callerSignal?.removeEventListener('abort', this.#onCancel)
    clearTimeout(this.#total)
    clearTimeout(this.#progress)
    this.#controller.abort()
  }

  #await(seconds: number, problem: string): void {
    // What comes after the end begins nothing: its timer would keep the process alive.
    if (seconds === 0 || this.signal.aborted) return
    this.#progress = setTimeout(() => {
      // While nobody waits the time does not count.
      if (this.#reject) this.#end(timedOut(this.#options.id, problem))
      else this.#progress?.refresh()
    }, seconds * 1000)
  }

  readonly #onCancel = (): void => this.#end(new ProviderError('interrupted', 'cancelled', {code: 'CANCELLED'}))

  #end(reason: ProviderError): void {
    this.reason ??= reason
    this.#controller.abort(this.reason)
    this.#reject?.(this.reason)
  }
}

function timedOut(provider: string, problem: string): ProviderError {
  const hint = `Other limits can be set: helix config set providers.${splitWorker(provider).provider}.timeouts.total SECONDS (connect, first_token, idle, total)`
  return new ProviderError('unavailable', `${provider}: ${problem}`, {code: 'TIMEOUT', hint})
}
