/**
 * Milliseconds until the clock, at least `afterMs` from now, shows a multiple of the period. Loops that wait for it look at the same moments:
 * at rest a process is woken once for all of them, which is most of what each costs.
 */
export function untilPulse(periodMs: number, afterMs = 0): number {
  return afterMs + periodMs - ((Date.now() + afterMs) % periodMs)
}
