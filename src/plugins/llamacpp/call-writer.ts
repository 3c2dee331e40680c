import type {LlamaChatResponseFunctionCallParamsChunk} from 'node-llama-cpp'
import type {AdapterEvent} from '../../core/providers/answer-assembler.js'

/** Makes events of the pieces in which node-llama-cpp reports tool calls. */
export class CallWriter {
  readonly #write: (event: AdapterEvent) => void
  #number = 0
  #isOpen = false
  /** White space that may turn out to be the end of the arguments. */
  #space = ''

  constructor(write: (event: AdapterEvent) => void) {
    this.#write = write
  }

  add({functionName, paramsChunk}: LlamaChatResponseFunctionCallParamsChunk): void {
    this.#open(functionName)
    const text = this.#space + paramsChunk
    const end = text.trimEnd().length
    this.#space = text.slice(end)
    if (end > 0) this.#write({type: 'tool_call_delta', id: this.#id, arguments: text.slice(0, end)})
  }

  end(functionName: string): void {
    this.#open(functionName)
    this.#write({type: 'tool_call_end', id: this.#id})
    this.#isOpen = false
    this.#space = ''
  }

  get #id(): string {
    return `call_${this.#number}`
  }

  #open(name: string): void {
    if (this.#isOpen) return
    this.#isOpen = true
    this.#number += 1
    this.#write({type: 'tool_call_start', id: this.#id, name})
  }
}
