import {showLine} from '../core/show-text.js'
import type {WorkerStep} from '../core/workers/worker-steps.js'

const MARKS = {done: '✓', skipped: '-', failed: '✗'}

/** A step of connecting, testing or installing, as a line. */
export function formatStep({step, outcome, detail, duration_ms}: WorkerStep): string {
  return `${MARKS[outcome]} ${step}: ${showLine(detail)}${outcome === 'skipped' ? '' : ` (${duration_ms} ms)`}`
}
