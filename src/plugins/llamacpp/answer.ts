import type {ChatHistoryItem, ChatModelFunctions, GbnfJsonSchema, LlamaChat, LlamaChatResponseFunctionCallParamsChunk, LlamaGrammar} from 'node-llama-cpp'
import type {AdapterEvent} from '../../core/providers/answer-assembler.js'
import type {ChatRequest, JsonSchema} from '../../core/providers/provider.js'
import {ProviderError} from '../../core/providers/provider-error.js'
import {CallWriter} from './call-writer.js'
import type {LoadedModel} from './engine.js'
import {toGrammarSchema} from './grammar-schema.js'
import {finishReasonOf, forcedCallPrompt, forcedCallSchema, thinkingBudget, toFunctions, toHistory} from './wire.js'

/** As llama.cpp samples where nothing else is asked for. */
const SAMPLING = {temperature: 0.8, topK: 40, topP: 0.95, minP: 0.05}
/** Tokens that node-llama-cpp itself writes around a tool call. */
const CALL_SYNTAX = 64

/** A request in node-llama-cpp's terms. */
interface Task {
  history: ChatHistoryItem[]
  functions?: ChatModelFunctions
  /** What holds the whole answer to a schema. */
  grammar?: LlamaGrammar
  /** Whether the answer as a whole is a call of a tool. */
  isCall?: boolean
}

/** Has the model answer a request, and writes the events of the answer as it generates them. */
export async function answer(loaded: LoadedModel, request: ChatRequest, signal: AbortSignal, write: (event: AdapterEvent) => void): Promise<void> {
  const task = await prepare(loaded, request)
  const {grammar, isCall = false} = task
  const chat = grammar ? loaded.plainChat : loaded.chat
  const {inputTokens, room} = measure(chat, task)
  const {tokenMeter} = chat.sequence
  const before = tokenMeter.getState()
  let reasoningTokens = 0
  const {metadata, response} = await chat.generateResponse<ChatModelFunctions>(task.history, {
    ...samplingOf(request),
    ...(grammar ? {grammar} : functionOptions(task, new CallWriter(write))),
    maxTokens: Math.min(room, request.maxTokens ?? room),
    onResponseChunk({segmentType, text, tokens}) {
      if (segmentType) reasoningTokens += tokens.length
      if (text && !isCall) write({type: segmentType ? 'reasoning' : 'text', text})
    },
    signal,
  })
  const isWholeCall = isCall && metadata.stopReason !== 'maxTokens'
  if (isWholeCall) writeCall(response, write)
  const {usedInputTokens, usedOutputTokens} = tokenMeter.diff(before)
  write({
    type: 'usage',
    usage: {
      inputTokens,
      outputTokens: usedOutputTokens,
      // The last token of the prompt is evaluated, and counted, for the first token of the answer.
      cachedTokens: Math.max(0, inputTokens - 1 - usedInputTokens),
      ...(reasoningTokens > 0 && {reasoningTokens}),
    },
  })
  write({type: 'finish', reason: isWholeCall ? 'tool_calls' : finishReasonOf(metadata)})
}

async function prepare({model}: LoadedModel, request: ChatRequest): Promise<Task> {
  const {toolChoice = 'auto', messages} = request
  const history = toHistory(messages)
  const tools = toolChoice === 'none' ? [] : request.tools.filter(({name}) => typeof toolChoice === 'string' || name === toolChoice.name)
  const mustCall = toolChoice === 'required' || typeof toolChoice === 'object'
  if (tools.length > 0 && request.schema) {
    throw new ProviderError('usage', 'llamacpp takes tools or a schema for the answer, not both in one request', {code: 'REQUEST_INVALID'})
  }
  if (tools.length > 0 && !mustCall) return {history, functions: toFunctions(tools)}
  const schema = tools.length > 0 ? forcedCallSchema(tools) : request.schema
  if (!schema) return {history}
  const grammar = await grammarFor(model, schema)
  if (tools.length === 0) return {history, grammar}
  return {history: [{type: 'system', text: forcedCallPrompt(tools)}, ...history], grammar, isCall: true}
}

async function grammarFor({llama}: LoadedModel['model'], schema: JsonSchema): Promise<LlamaGrammar> {
  try {
    return await llama.createGrammarForJsonSchema<GbnfJsonSchema>(toGrammarSchema(schema))
  } catch (error) {
    throw new ProviderError('usage', 'llamacpp cannot make a grammar of that schema', {code: 'SCHEMA_UNSUPPORTED', cause: error})
  }
}

// Throws `usage` for a request that leaves no room for an answer. node-llama-cpp would leave out older messages without a word.
function measure({chatWrapper, context, model}: LlamaChat, {history, functions}: Task): {inputTokens: number; room: number} {
  const chatHistory: ChatHistoryItem[] = history.at(-1)?.type === 'model' ? history : [...history, {type: 'model', response: []}]
  const {contextText} = chatWrapper.generateContextState({chatHistory, ...(functions && {availableFunctions: functions})})
  const inputTokens = contextText.tokenize(model.tokenizer).length
  const room = context.contextSize - inputTokens - (functions ? CALL_SYNTAX : 2)
  if (room > 0) return {inputTokens, room}
  throw new ProviderError('usage', `the request is ${inputTokens} tokens long, and the context of the model has ${context.contextSize} for it and its answer`, {
    code: 'CONTEXT_TOO_LONG',
    hint: 'Shorten it, or set a larger context_size if the model and the memory allow it.',
  })
}

function samplingOf({temperature, reasoning}: ChatRequest) {
  const budget = thinkingBudget(reasoning)
  return {
    ...SAMPLING,
    ...(temperature !== undefined && {temperature}),
    ...(budget !== undefined && {budgets: {thoughtTokens: budget}}),
    repeatPenalty: false as const,
    seed: Math.floor(Math.random() * 2 ** 32),
  }
}

function functionOptions({functions}: Task, calls: CallWriter) {
  if (!functions) return {}
  return {
    functions,
    onFunctionCallParamsChunk: (chunk: LlamaChatResponseFunctionCallParamsChunk) => calls.add(chunk),
    onFunctionCall: ({functionName}: {functionName: string}) => calls.end(functionName),
  }
}

function writeCall(text: string, write: (event: AdapterEvent) => void): void {
  const call = JSON.parse(text)
  write({type: 'tool_call_start', id: 'call_1', name: call.name})
  write({type: 'tool_call_delta', id: 'call_1', arguments: JSON.stringify(call.arguments)})
  write({type: 'tool_call_end', id: 'call_1'})
}
