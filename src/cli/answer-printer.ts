import {styleText} from 'node:util'
import type {Logger} from '../core/logger.js'
import type {ProviderEvent} from '../core/providers/provider.js'
import type {AnswerProblem} from '../core/sessions/answer-problem.js'
import {viewToolCall, viewUsage} from '../core/sessions/answer-view.js'
import type {AskOptions} from '../core/sessions/ask-model.js'
import {showText} from '../core/show-text.js'
import {describeError} from './describe-error.js'

/** Prints an answer as it comes: its text to stdout, what the model thinks to stderr where somebody may be watching. */
export class TextPrinter {
  #open = false
  #thinks = false

  print(event: ProviderEvent): void {
    if (event.type === 'reasoning') {
      this.#think(event.text)
      return
    }
    if (this.#thinks) process.stderr.write('\n\n')
    this.#thinks = false
    if (event.type === 'text') {
      process.stdout.write(process.stdout.isTTY ? showText(event.text) : event.text)
      this.#open = !event.text.endsWith('\n')
    } else if (event.type === 'error') this.end()
  }

  #think(text: string): void {
    if (!process.stderr.isTTY || text === '') return
    process.stderr.write(styleText('dim', showText(text), {stream: process.stderr}))
    this.#thinks = true
  }

  /** Ends the last line, if it is open. */
  end(): void {
    if (this.#open) process.stdout.write('\n')
    this.#open = false
  }
}

/** Says why an answer is not what was asked for, if it is not: exit code 1. */
export function reportProblem(problem: AnswerProblem | undefined, {warn}: Pick<Logger, 'warn'>): void {
  if (!problem) return
  process.exitCode = 1
  warn(problem.message)
}

/** Says when another model is asked. */
export function tellFallbacks({warn}: Pick<Logger, 'warn'>): Pick<AskOptions, 'onFallback'> {
  return {onFallback: (error, next) => warn(`${error.message}; asking ${next} instead`)}
}

/** An event as a line of `--output stream-json`. */
export function eventLine(event: ProviderEvent): string {
  return `${JSON.stringify(viewEvent(event))}\n`
}

function viewEvent(event: ProviderEvent): object {
  if (event.type === 'usage') return {type: 'usage', usage: viewUsage(event.usage)}
  if (event.type === 'finish') return {type: 'finish', finish_reason: event.reason}
  if (event.type === 'tool_call_end') return {type: 'tool_call_end', ...viewToolCall(event)}
  if (event.type === 'reasoning') return {type: 'reasoning', text: event.text}
  if (event.type !== 'error') return event
  const {code, kind, message, hint, exitCode} = describeError(event.error)
  return {type: 'error', error: {code, kind, message, ...(hint !== undefined && {hint}), exit_code: exitCode}}
}
