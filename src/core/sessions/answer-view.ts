import type {ToolCall, Usage} from '../providers/provider.js'
import type {AnswerProblem} from './answer-problem.js'
import type {Answer} from './ask-model.js'

/** An answer as `--json` prints it. A count or a price that nobody told is null. */
export interface AnswerView {
  text: string
  reasoning: string
  tool_calls: {id: string; name: string; arguments: unknown; problem?: string}[]
  finish_reason: string
  usage: {input_tokens: number | null; output_tokens: number | null; reasoning_tokens: number | null; cached_tokens: number | null}
  /** US dollars; null where the price is not known. */
  cost: number | null
  /** Who answered, as `provider/model`. */
  model: string
  session_id: string
  /** Why the answer is not what was asked for; the command then exits with 1. */
  problem?: AnswerProblem
}

export function viewAnswer(answer: Answer): AnswerView {
  return {
    text: answer.text,
    reasoning: answer.reasoning,
    tool_calls: answer.toolCalls.map(viewToolCall),
    finish_reason: answer.finishReason,
    usage: viewUsage(answer.usage),
    cost: answer.cost ?? null,
    model: answer.model,
    session_id: answer.sessionId,
    ...(answer.problem && {problem: answer.problem}),
  }
}

export function viewUsage(usage: Usage): AnswerView['usage'] {
  return {
    input_tokens: usage.inputTokens ?? null,
    output_tokens: usage.outputTokens ?? null,
    reasoning_tokens: usage.reasoningTokens ?? null,
    cached_tokens: usage.cachedTokens ?? null,
  }
}

/** Arguments that are no JSON stay the text that the model wrote. */
export function viewToolCall({id, name, arguments: text, problem}: Omit<ToolCall, 'type'>): AnswerView['tool_calls'][number] {
  return {id, name, arguments: parsed(text), ...(problem !== undefined && {problem})}
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}
