import type {AdapterEvent} from './answer-assembler.js'

const OPEN = '<think>'
const CLOSE = '</think>'
const NOTHING: AdapterEvent[] = []

/**
 * Tells thoughts from text where a model writes them into its answer: from a `<think>` at the very beginning to the `</think>`.
 * Later on these are words like any other.
 */
export class ThoughtSplitter {
  #state: 'beginning' | 'opened' | 'thinking' | 'closed' | 'answering' = 'beginning'
  /** What may be a part of a tag. */
  #held = ''

  split(piece: string): AdapterEvent[] {
    if (this.#state === 'answering') return [{type: 'text', text: piece}]
    const text = this.#held + piece
    this.#held = ''
    if (this.#state === 'beginning') return this.#begin(text)
    return this.#state === 'closed' ? this.#answer(text) : this.#think(text)
  }

  /** What was held back, once the answer is over. */
  end(): AdapterEvent[] {
    const held = this.#held
    this.#held = ''
    return held ? [{type: this.#state === 'beginning' ? 'text' : 'reasoning', text: held}] : NOTHING
  }

  #begin(text: string): AdapterEvent[] {
    const start = text.trimStart()
    if (start.startsWith(OPEN)) {
      this.#state = 'opened'
      return this.#think(start.slice(OPEN.length))
    }
    if (OPEN.startsWith(start)) {
      this.#held = text
      return NOTHING
    }
    this.#state = 'answering'
    return [{type: 'text', text}]
  }

  #think(piece: string): AdapterEvent[] {
    const text = this.#state === 'opened' ? piece.trimStart() : piece
    if (text) this.#state = 'thinking'
    const end = text.indexOf(CLOSE)
    if (end < 0) {
      const kept = lengthOfTagAtEnd(text)
      this.#held = text.slice(text.length - kept)
      return thought(text.slice(0, text.length - kept))
    }
    this.#state = 'closed'
    return [...thought(text.slice(0, end)), ...this.#answer(text.slice(end + CLOSE.length))]
  }

  // Empty lines between thoughts and answer belong to neither.
  #answer(text: string): AdapterEvent[] {
    const answer = text.trimStart()
    if (answer === '') return NOTHING
    this.#state = 'answering'
    return [{type: 'text', text: answer}]
  }
}

function thought(text: string): AdapterEvent[] {
  return text ? [{type: 'reasoning', text}] : NOTHING
}

function lengthOfTagAtEnd(text: string): number {
  for (let length = Math.min(CLOSE.length - 1, text.length); length > 0; length--) if (text.endsWith(CLOSE.slice(0, length))) return length
  return 0
}
