import {HelixError} from '../errors/helix-error.js'
import {compileSchema} from './json-schema.js'
import type {Attachment, ChatRequest, ProviderCapabilities, ToolDefinition} from './provider.js'

export interface RequestLimits {
  /** Id of the provider, for messages. */
  provider: string
  /** Of the model. */
  capabilities: ProviderCapabilities
  /** The most that `maxTokens` may be. */
  maxTokens: number
}

/** Throws `usage` with the first thing of a request that the provider could not make sense of. */
export async function checkRequest(request: ChatRequest, limits: RequestLimits): Promise<void> {
  const {messages, maxTokens, temperature, reasoning, schema, tools} = request
  if (!request.model) fail('the request names no model')
  if (messages.length === 0) fail('the request has no message')
  checkRange('temperature', temperature, 0, 2)
  checkWhole('max_tokens', maxTokens, limits.maxTokens)
  checkWhole('the budget for reasoning', reasoning?.budget, limits.maxTokens)
  if (schema) await compileSchema(schema)
  if (tools.length > 0) checkCapability(limits, 'tools', 'tools')
  await checkTools(tools, request)
  for (const attachment of attachmentsOf(request)) {
    if (attachment.mediaType.startsWith('image/')) checkCapability(limits, 'images', `images: ${attachment.name}`)
    else checkCapability(limits, 'documents', `documents: ${attachment.name}`)
  }
  checkToolResults(request)
}

function checkRange(name: string, value: number | undefined, least: number, most: number): void {
  if (value !== undefined && !(value >= least && value <= most)) fail(`${name} must be from ${least} to ${most}, and is ${value}`)
}

function checkWhole(name: string, value: number | undefined, most: number): void {
  checkRange(name, value, 1, most)
  if (value !== undefined && !Number.isInteger(value)) fail(`${name} must be a whole number, and is ${value}`)
}

async function checkTools(tools: readonly ToolDefinition[], {toolChoice}: ChatRequest): Promise<void> {
  const names = new Set<string>()
  for (const {name, parameters} of tools) {
    if (!/^[A-Za-z0-9_-]{1,64}$/.test(name)) fail(`a tool's name has letters, digits, _ and -, at most 64: ${JSON.stringify(name)} has not`)
    if (names.has(name)) fail(`there are two tools ${name}`)
    names.add(name)
    await compileSchema(parameters).catch((error: unknown) => {
      throw HelixError.is(error) ? new HelixError(error.kind, `the tool ${name}: ${error.message}`, {code: error.code, cause: error}) : error
    })
  }
  if (typeof toolChoice === 'object' && !names.has(toolChoice.name)) fail(`there is no tool ${toolChoice.name} to choose`)
  if (toolChoice === 'required' && names.size === 0) fail('a tool is required and there is none')
}

function checkToolResults({messages}: ChatRequest): void {
  const called = new Set<string>()
  for (const message of messages) {
    if (message.role === 'assistant' && typeof message.content !== 'string') {
      for (const part of message.content) if (part.type === 'tool_call') called.add(part.id)
    }
    if (message.role === 'tool' && !called.has(message.toolCallId)) fail(`a tool's result belongs to no call: ${message.toolCallId}`)
  }
}

function attachmentsOf({messages}: ChatRequest): Attachment[] {
  const parts = messages.flatMap((message) => (message.role === 'user' && typeof message.content !== 'string' ? message.content : []))
  return parts.filter((part) => part.type === 'attachment')
}

function checkCapability({capabilities, provider}: RequestLimits, capability: keyof ProviderCapabilities, what: string): void {
  if (!capabilities[capability]) fail(`${provider} takes no ${what}`)
}

function fail(message: string): never {
  throw new HelixError('usage', message, {code: 'REQUEST_INVALID'})
}
