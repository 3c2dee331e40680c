/**
 * Milliseconds until the clock next shows a multiple of the period. Loops that wait for it look at the same moments:
 * at rest a process is woken once for all of them, which is most of what each costs.
 */
export function untilPulse(periodMs: number): number {
  return periodMs - (Date.now() % periodMs)
}
