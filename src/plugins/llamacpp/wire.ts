import type {ChatHistoryItem, ChatModelFunctionCall, ChatModelFunctions, ChatModelResponse, LlamaChatResponse} from 'node-llama-cpp'
import type {AssistantPart, FinishReason, JsonSchema, Message, ReasoningConfig, ToolDefinition} from '../../core/providers/provider.js'
import {toGrammarSchema} from './grammar-schema.js'

/** Tokens of thinking for an effort, as Google's OpenAI-compatible API counts them. */
const THINKING = {none: 0, low: 1024, medium: 8192, high: 24_576} as const

/** The conversation as node-llama-cpp's templates take it: calls and their results are part of what the model said. */
export function toHistory(messages: readonly Message[]): ChatHistoryItem[] {
  const history: ChatHistoryItem[] = []
  const calls = new Map<string, ChatModelFunctionCall>()
  for (const message of messages) {
    if (message.role === 'system') history.push({type: 'system', text: message.content})
    else if (message.role === 'user') history.push({type: 'user', text: textOf(message.content)})
    else if (message.role === 'assistant') addResponse(history, calls, message.content)
    else {
      const call = calls.get(message.toolCallId)
      if (call) call.result = message.isError ? {error: message.content} : message.content
    }
  }
  return history
}

function textOf(content: string | readonly {type: string; text?: string}[]): string {
  return typeof content === 'string' ? content : content.map((part) => part.text ?? '').join('')
}

function addResponse(history: ChatHistoryItem[], calls: Map<string, ChatModelFunctionCall>, content: string | AssistantPart[]): void {
  const parts: AssistantPart[] = typeof content === 'string' ? [{type: 'text', text: content}] : content
  const response = parts.map((part, index): ChatModelResponse['response'][number] => {
    if (part.type === 'text') return part.text
    if (part.type === 'reasoning') return {type: 'segment', segmentType: 'thought', text: part.text, ended: true}
    const startsNewChunk = parts[index - 1]?.type !== 'tool_call'
    const call: ChatModelFunctionCall = {type: 'functionCall', name: part.name, params: parsed(part.arguments), result: {error: 'not run'}, startsNewChunk}
    calls.set(part.id, call)
    return call
  })
  // A model that goes on after a tool's result is still giving the same response.
  const last = history.at(-1)
  if (last?.type === 'model') last.response.push(...response)
  else history.push({type: 'model', response})
}

// The model may have written something else than JSON; it sees it again as it was.
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** The tools as node-llama-cpp's functions, their arguments in the part of JSON Schema that it knows. */
export function toFunctions(tools: readonly ToolDefinition[]): ChatModelFunctions {
  return Object.fromEntries(
    tools.map(({name, description, parameters}) => [
      name,
      {...(description !== undefined && {description}), params: toGrammarSchema({type: 'object', ...parameters})},
    ]),
  )
}

/** What an answer must look like that has to be a call of one of the tools: node-llama-cpp leaves the choice to the model otherwise. */
export function forcedCallSchema(tools: readonly ToolDefinition[]): JsonSchema {
  const calls = tools.map(({name, parameters}) => ({
    type: 'object',
    properties: {name: {const: name}, arguments: {type: 'object', ...withoutDefinitions(parameters)}},
    required: ['name', 'arguments'],
  }))
  const $defs = Object.assign({}, ...tools.map(({parameters}) => parameters.$defs ?? parameters.definitions))
  return {oneOf: calls, $defs}
}

function withoutDefinitions({$defs, definitions, ...rest}: JsonSchema): JsonSchema {
  return rest
}

/** What the model is told where it must call a tool. */
export function forcedCallPrompt(tools: readonly ToolDefinition[]): string {
  return `Answer with a call of one of these functions, as JSON with its name and its arguments, and with nothing else:\n${JSON.stringify(tools)}`
}

/** Tokens that the model may think before it answers; undefined for as many as it wants. */
export function thinkingBudget(reasoning: ReasoningConfig | undefined): number | undefined {
  return reasoning?.budget ?? (reasoning?.effort && THINKING[reasoning.effort])
}

export function finishReasonOf({stopReason}: LlamaChatResponse['metadata']): FinishReason {
  if (stopReason === 'maxTokens') return 'length'
  return stopReason === 'functionCalls' ? 'tool_calls' : 'stop'
}
