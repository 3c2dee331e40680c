import {setTimeout as delay} from 'node:timers/promises'
import {EXIT_CODES} from '../core/errors/helix-error.js'
import type {ViewEnd} from '../ui/open-view.js'
import {leaveOnSignal} from './leave-on-signal.js'
import {linePrinter, type PrintLine} from './watch-lines.js'

type Views = typeof import('../ui/views.js')

/** What is watched, and how it is told: by a view where there is a terminal, otherwise by lines. */
export interface Watched<T extends {pauseMs: number}> {
  streams: boolean
  /** A result in JSON or YAML is printed at the end. */
  hasResult: boolean
  show: (views: Views, stop: AbortSignal) => Promise<ViewEnd>
  /** Tells of what a look has found; true when there is nothing more to wait for. */
  lines: (print: PrintLine) => {look: () => Promise<T>; tell: (found: T) => boolean}
}

/** Watches until all has ended, or somebody leaves: that sets the exit code, 128 + N for a signal. */
export async function watch<T extends {pauseMs: number}>({streams, hasResult, show, lines}: Watched<T>): Promise<{hasEnded: boolean; isView: boolean}> {
  const stop = leaveOnSignal()
  if (!streams && !hasResult && canShowView(process.env, process.stdout)) {
    // Ink and React, which nothing else needs.
    const end = await show(await import('../ui/views.js'), stop)
    if (end === 'interrupted') process.exitCode = EXIT_CODES.interrupted
    if (end === 'stopped') process.exitCode = Number(stop.reason)
    return {hasEnded: end === 'ended', isView: true}
  }
  const {look, tell} = lines(linePrinter({streams, hasResult}))
  while (!stop.aborted) {
    const found = await look()
    if (stop.aborted) break
    if (tell(found)) return {hasEnded: true, isView: false}
    await delay(found.pauseMs, undefined, {signal: stop}).catch(() => {})
  }
  process.exitCode = Number(stop.reason)
  return {hasEnded: false, isView: false}
}

/** Whether a view may take over the terminal. */
function canShowView(env: NodeJS.ProcessEnv, stdout: Pick<NodeJS.WriteStream, 'isTTY'>): boolean {
  const isCi = env.CI !== undefined && !['', '0', 'false'].includes(env.CI)
  return stdout.isTTY && !isCi && env.TERM !== 'dumb'
}
