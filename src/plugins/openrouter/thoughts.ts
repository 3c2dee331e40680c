/** A piece of what a model thought, in the form that its own provider has for it: https://openrouter.ai/docs/use-cases/reasoning-tokens */
export interface ReasoningDetail extends Record<string, unknown> {
  type?: string
  index?: number | null
  text?: string | null
  summary?: string | null
}

/** Texts that come in pieces; everything else of a detail comes once. */
const TEXTS = ['text', 'summary', 'data'] as const

/** Puts the details of an answer together again, in the order and form in which they must go back. */
export class ReasoningDetails {
  readonly #details: ReasoningDetail[] = []

  add(pieces: readonly ReasoningDetail[]): void {
    for (const piece of pieces) {
      const last = this.#details.at(-1)
      if (last && isOne(last, piece)) merge(last, piece)
      else this.#details.push({...piece})
    }
  }

  /** Those since the last call. */
  take(): ReasoningDetail[] {
    return this.#details.splice(0)
  }
}

// Of the pieces of a detail often only one has its id.
function isOne(detail: ReasoningDetail, piece: ReasoningDetail): boolean {
  return detail.type === piece.type && detail.index === piece.index && (detail.id ?? piece.id) === (piece.id ?? detail.id)
}

function merge(detail: ReasoningDetail, piece: ReasoningDetail): void {
  for (const [name, value] of Object.entries(piece)) {
    if (value == null) continue
    const isText = (TEXTS as readonly string[]).includes(name) && typeof detail[name] === 'string'
    detail[name] = isText ? `${detail[name]}${value}` : value
  }
}

/** What of details can be read by people. */
export function textOf(pieces: readonly ReasoningDetail[]): string {
  return pieces.map(({text, summary}) => text ?? summary ?? '').join('')
}
