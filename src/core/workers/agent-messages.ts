/** One report of an agent: its words, and the bytes behind the line. */
export interface AgentMessage {
  words: string[]
  tails: [stdout: Buffer, stderr: Buffer]
}

const NOTHING = Buffer.alloc(0)
const NEWLINE = 10
// `ended TASK ATTEMPT UP SIZE SIZE` and the five words of a result; those of the tails' lengths come behind.
const ENDED_WORDS = 11

/** Takes an agent's output apart as it comes; `mark` begins each of its lines, and what stands before the first one is a noisy profile's. */
export class AgentMessages {
  readonly #mark: Buffer
  #chunks: Buffer[] = []
  #length = 0
  #needed = 0

  constructor(mark: string) {
    this.#mark = Buffer.from(`${mark} `)
  }

  /** The messages that are whole now. */
  add(chunk: Buffer): AgentMessage[] {
    this.#chunks.push(chunk)
    this.#length += chunk.length
    if (this.#length < this.#needed) return []
    const buffer = this.#chunks.length === 1 ? chunk : Buffer.concat(this.#chunks)
    const messages: AgentMessage[] = []
    let at = 0
    this.#needed = 0
    for (;;) {
      const from = buffer.indexOf(this.#mark, at)
      const end = from < 0 ? -1 : buffer.indexOf(NEWLINE, from)
      if (end < 0) break
      const words = buffer.toString('utf8', from + this.#mark.length, end).split(' ')
      const [stdout = 0, stderr = 0] = words[0] === 'ended' ? words.slice(ENDED_WORDS).map(Number) : []
      const next = end + 1 + stdout + stderr
      if (next > buffer.length) {
        this.#needed = next - at
        break
      }
      const tails: AgentMessage['tails'] = stdout + stderr === 0 ? [NOTHING, NOTHING] : copyTails(buffer, end + 1, stdout, next)
      messages.push({words, tails})
      at = next
    }
    const rest = buffer.subarray(at)
    this.#chunks = rest.length > 0 ? [rest] : []
    this.#length = rest.length
    return messages
  }
}

// Copies: a slice would keep the whole chunk that it came in.
function copyTails(buffer: Buffer, from: number, stdout: number, end: number): AgentMessage['tails'] {
  return [Buffer.from(buffer.subarray(from, from + stdout)), Buffer.from(buffer.subarray(from + stdout, end))]
}
