import type {AdapterEvent} from '../answer-assembler.js'
import {AnswerReader, type WireDelta} from './answer-reader.js'
import type {ThoughtSignature} from './wire.js'

/** Reads the answers of a service that wants all thoughts back, in the field in which it tells them, and not only those that led to a tool call. */
export class ThoughtKeeper extends AnswerReader {
  readonly #signature: ThoughtSignature
  #isThinking = false

  constructor(field: ThoughtSignature['field'] = 'reasoning_content') {
    super()
    this.#signature = {field}
  }

  protected override readThoughts(delta: WireDelta, events: AdapterEvent[]): void {
    super.readThoughts(delta, events)
    if (delta[this.#signature.field]) this.#isThinking = true
    else if (delta.content) events.push(...this.endThoughts())
  }

  protected override endThoughts(): AdapterEvent[] {
    if (!this.#isThinking) return []
    this.#isThinking = false
    return [{type: 'reasoning', text: '', signature: this.#signature}]
  }
}
