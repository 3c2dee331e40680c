import type {EndedOutput} from '../core/requests/foreground-output.js'
import {showLine} from '../core/show-text.js'
import {argumentText} from '../core/workers/shell-quote.js'

const WIDTH = 60

/** One line on a task that has ended: how, what, where. */
export function describeTask({claimed, end}: EndedOutput): string {
  const {task, worker} = claimed
  const name = task.name ?? shortCommand(task.input.command.map(argumentText))
  const result = end.result === 'completed' ? '✓' : '✗'
  return `${result} ${name} on ${worker.name}${end.error ? `: ${end.error}` : ''}`
}

/** A command on one line, cut where it is long. */
export function shortCommand(command: readonly string[], width = WIDTH): string {
  const text = showLine(command.join(' '))
  return text.length > width ? `${text.slice(0, width - 1)}…` : text
}
