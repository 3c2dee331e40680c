import type {AdapterEvent} from '../answer-assembler.js'
import type {ToolChoice, Usage} from '../provider.js'
import type {RecordedRequest} from './fake-server.js'

/** What a request says, read back from the provider's own protocol. */
export interface ReadRequest {
  model: string
  messages: ReadMessage[]
  /** Names of the tools that were offered. */
  tools: string[]
  /** Absent where the request has none. */
  toolChoice?: ToolChoice | undefined
  schema?: unknown
  maxTokens?: number | undefined
  temperature?: number | undefined
  /** Anything but undefined where thinking was asked for. */
  reasoning?: unknown
  apiKey?: string | undefined
}

export interface ReadMessage {
  role: 'system' | 'user' | 'assistant' | 'tool'
  text: string
  /** `arguments` parsed; `id` where the protocol has ids. */
  toolCalls?: {id?: string; name: string; arguments: unknown}[]
  /** Which call a result belongs to: its id, or the tool's name where the protocol has no ids. */
  answers?: string
  /** Images, in base64. */
  images?: string[]
  /** What a model thought for an earlier answer, and what it was signed with. */
  reasoning?: {text: string; signature?: unknown}
}

/** How a provider's protocol looks on the wire: what a real server would send, and what one would understand. */
export interface ProviderWire {
  /** What follows the server's address in `base_url`, such as `/v1`. */
  basePath: string
  contentType: string
  /**
   * The pieces (SSE events, lines of JSON) that a server sends for these events. Ends the stream as the protocol does where
   * the events have a `finish`, else leaves it open.
   */
  answer(events: readonly AdapterEvent[]): string[]
  /** Body of an answer with an error status. */
  errorBody(status: number, message: string): string
  /** An error of the server in the middle of a stream; absent where the protocol has none. */
  errorPiece?(message: string): string
  /** Pieces that say nothing: comments, keep-alives, chunks with metadata only. */
  idlePieces: string[]
  /** Whether a server may end its lines with CRLF. */
  allowsCrlf: boolean
  /** Tool arguments are JSON text that may be sent in pieces and be wrong, or an object. */
  toolArguments: 'text' | 'object'
  /** Whether tool calls carry ids. */
  hasToolIds: boolean
  /** Whether a request can say which tools the model may, must or must not call. */
  hasToolChoice: boolean
  /** Whether thoughts that led to a tool call go back with its result. */
  returnsThoughts: boolean
  /** What a server signs such thoughts with, as the adapter's event has it; absent where it does not. */
  signature?: unknown
  /** The counts that the protocol can tell. */
  usage: (keyof Usage)[]
  read(request: RecordedRequest): ReadRequest
  /** Body of a list of models. */
  modelsBody(models: readonly string[]): string
}
