import {setTimeout as delay} from 'node:timers/promises'
import type {AttemptName} from '../workers/attempt-spec.js'
import type {Transport} from '../workers/transport.js'
import type {WorkerRow} from '../workers/worker.js'
import {scriptEnvironment, type WorkerConnections} from '../workers/worker-connections.js'

/** Asks a worker about attempts; the answers come in the order of the names. */
export type AskWorker<T> = (transport: Transport, names: readonly AttemptName[], env: NodeJS.ProcessEnv | undefined) => Promise<T[]>

interface Question<T> {
  name: AttemptName
  resolve: (answer: T) => void
  reject: (error: unknown) => void
}

/** Asks workers one thing about attempts, all that come up for one worker within `batchMs` in one session. */
export class AttemptQuestions<T> {
  readonly #connections: WorkerConnections
  readonly #askWorker: AskWorker<T>
  readonly #batchMs: number
  readonly #questions = new Map<string, Question<T>[]>()

  constructor(connections: WorkerConnections, batchMs: number, askWorker: AskWorker<T>) {
    this.#connections = connections
    this.#batchMs = batchMs
    this.#askWorker = askWorker
  }

  /** The answer for one attempt. Rejects while the worker cannot be reached. */
  ask(worker: WorkerRow, name: AttemptName): Promise<T> {
    return new Promise((resolve, reject) => {
      const waiting = this.#questions.get(worker.id)
      if (waiting) waiting.push({name, resolve, reject})
      else {
        this.#questions.set(worker.id, [{name, resolve, reject}])
        void this.#askAll(worker)
      }
    })
  }

  async #askAll(worker: WorkerRow): Promise<void> {
    await delay(this.#batchMs)
    const questions = this.#questions.get(worker.id) ?? []
    this.#questions.delete(worker.id)
    try {
      const names = questions.map((question) => question.name)
      const answers = await this.#askWorker(await this.#connections.get(worker), names, scriptEnvironment(worker))
      questions.forEach((question, index) => {
        question.resolve(answers[index] as T)
      })
    } catch (error) {
      for (const question of questions) question.reject(error)
    }
  }
}
