import type {Store} from '../data/store.js'
import type {Message} from '../providers/provider.js'
import {type AnswerEnd, appendToSession, createSession, type NewSession} from './session-store.js'

/** The session of one question. It begins to exist when it is first needed. */
export class Transcript {
  readonly #store: () => Promise<Store>
  readonly #session: Omit<NewSession, 'origin'>
  #next: number
  #id: Promise<string> | undefined

  constructor(store: () => Promise<Store>, session: Omit<NewSession, 'origin'>) {
    this.#store = store
    this.#session = {...session, messages: [...session.messages]}
    this.#next = session.messages.length + 1
  }

  /** Stores the question, without waiting for it; what goes wrong is told by `id`. `origin` is who answers, as `provider/model`. */
  begin(origin: string): void {
    this.id(origin).catch(() => {})
  }

  /** Id of the session, once the question is stored. */
  id(origin: string): Promise<string> {
    this.#id ??= this.#create(origin)
    return this.#id
  }

  async add(origin: string, messages: readonly Message[], end: AnswerEnd): Promise<void> {
    const id = await this.id(origin)
    await appendToSession(await this.#store(), id, messages, this.#next, end)
    this.#next += messages.length
  }

  async #create(origin: string): Promise<string> {
    return createSession(await this.#store(), {...this.#session, origin})
  }
}
