const PAUSE_MS = 1000
const SHARE = 20

/** Keeps whoever looks again and again from being a burden: at most once a second, and for at most a twentieth of the time. */
export class Pace {
  /** Does `work` and adds to its result the milliseconds to wait before the next time. */
  async time<T extends object>(work: () => Promise<T>): Promise<T & {pauseMs: number}> {
    const started = performance.now()
    const result = await work()
    return {...result, pauseMs: Math.max(PAUSE_MS, Math.round((performance.now() - started) * SHARE))}
  }
}
