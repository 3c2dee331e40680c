/**
 * What a plugin needs to bring a provider of language models: it extends `BaseProvider`, and its hook `helix:provider` returns a `ProviderPlugin`.
 * Everything else of Helix may change without notice.
 */
export {type ErrorKind, errorCode, HelixError, type HelixErrorOptions, messageOf} from './core/errors/helix-error.js'
export type {AdapterEvent, Arrival} from './core/providers/answer-assembler.js'
export {BaseProvider} from './core/providers/base-provider.js'
export {toArgumentsObject} from './core/providers/call-arguments.js'
export {checkKey} from './core/providers/chat-completions/failures.js'
export {type FoundPackage, findPackage} from './core/providers/installed-package.js'
export {splitWorker} from './core/providers/model-name.js'
export {parseObject} from './core/providers/parse-object.js'
export type {ModelPrice, PriceTable} from './core/providers/prices.js'
export type {
  AssistantMessage,
  AssistantPart,
  Attachment,
  CallOptions,
  ChatRequest,
  FinishReason,
  GenerationRequest,
  GenerationResponse,
  JsonSchema,
  LLMProvider,
  Message,
  ModelInfo,
  ProviderCapabilities,
  ProviderEvent,
  PullProgress,
  ReasoningConfig,
  ReasoningPart,
  ReasoningRequest,
  TextPart,
  ToolCall,
  ToolChoice,
  ToolDefinition,
  ToolGenerationRequest,
  Usage,
} from './core/providers/provider.js'
export {type Failure, ProviderError, type ProviderErrorOptions, RequestFailure, streamCut, titleOfPage} from './core/providers/provider-error.js'
export {
  type Clock,
  type InstallablePackage,
  PROVIDER_API_VERSION,
  type ProviderOptions,
  type ProviderPlugin,
  type Timeouts,
} from './core/providers/provider-plugin.js'
export {budgetOf, effortOf} from './core/providers/reasoning.js'
export {readServerSentEvents, type ServerSentEvent} from './core/providers/server-sent-events.js'
export {isTextType, readTextAttachment} from './core/providers/text-attachment.js'
export {ThoughtSplitter} from './core/providers/thought-splitter.js'
export {Watch} from './core/providers/watch.js'
