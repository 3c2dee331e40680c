import type {AdapterEvent} from '../answer-assembler.js'
import {AnswerReader, type WireDelta} from './answer-reader.js'
import type {ThoughtSignature} from './wire.js'

const SIGNATURE: ThoughtSignature = {field: 'reasoning_content'}

/** Reads the answers of a service that wants all thoughts back in `reasoning_content`, not only those that led to a tool call. */
export class ThoughtKeeper extends AnswerReader {
  #isThinking = false

  protected override readThoughts(delta: WireDelta, events: AdapterEvent[]): void {
    super.readThoughts(delta, events)
    if (delta.reasoning_content) this.#isThinking = true
    else if (delta.content) events.push(...this.endThoughts())
  }

  protected override endThoughts(): AdapterEvent[] {
    if (!this.#isThinking) return []
    this.#isThinking = false
    return [{type: 'reasoning', text: '', signature: SIGNATURE}]
  }
}
