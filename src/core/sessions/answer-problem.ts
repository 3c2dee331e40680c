import {checkJson} from '../providers/check-arguments.js'
import type {FinishReason, GenerationResponse, JsonSchema, Message} from '../providers/provider.js'

/** Why an answer is not what was asked for, though the model has ended it. */
export interface AnswerProblem {
  code: 'ANSWER_CUT' | 'ANSWER_FILTERED' | 'ANSWER_REFUSED' | 'SCHEMA_MISMATCH' | 'TOOL_CALL_INVALID'
  message: string
}

const UNFINISHED: Partial<Record<FinishReason, AnswerProblem>> = {
  length: {code: 'ANSWER_CUT', message: 'the answer is cut off: the model reached its limit of tokens (--max-tokens, or its own)'},
  content_filter: {code: 'ANSWER_FILTERED', message: 'the provider cut the answer off by its content filter'},
  refusal: {code: 'ANSWER_REFUSED', message: 'the model declined to answer'},
}

/** What is wrong with an answer; undefined when nothing is. */
export async function problemOf({finishReason, text, toolCalls}: GenerationResponse, schema: JsonSchema | undefined): Promise<AnswerProblem | undefined> {
  const unfinished = UNFINISHED[finishReason]
  if (unfinished) return unfinished
  const wrong = toolCalls.find((call) => call.problem)
  if (wrong) return {code: 'TOOL_CALL_INVALID', message: `the model called ${wrong.name} wrongly: ${wrong.problem}`}
  const mismatch = schema && finishReason === 'stop' ? await checkJson(text, schema) : undefined
  return mismatch ? {code: 'SCHEMA_MISMATCH', message: `the answer is ${mismatch}`} : undefined
}

/** What a model is told of an answer that it can do better; nothing where it cannot. */
export function correctionOf({toolCalls}: GenerationResponse, problem: AnswerProblem | undefined): Message[] {
  if (problem?.code === 'SCHEMA_MISMATCH') return [{role: 'user', content: `No: ${problem.message}. Answer again, with nothing but the corrected JSON.`}]
  if (!toolCalls.some((call) => call.problem)) return []
  return toolCalls.map(({id, problem: wrong}) => ({
    role: 'tool',
    toolCallId: id,
    content: wrong ?? 'not run, since another call of the same answer was wrong; make it again',
    isError: true,
  }))
}
