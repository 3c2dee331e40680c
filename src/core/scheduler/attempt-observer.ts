import {setTimeout as delay} from 'node:timers/promises'
import {type AttemptName, type AttemptState, observeAttempts} from '../workers/attempt-protocol.js'
import type {WorkerRow} from '../workers/worker.js'
import {scriptEnvironment, type WorkerConnections} from '../workers/worker-connections.js'

const BATCH_MS = 50

interface Question {
  name: AttemptName
  resolve: (state: AttemptState) => void
  reject: (error: unknown) => void
}

/** Asks workers for the state of attempts, all questions to one worker at a time in one session. */
export class AttemptObserver {
  readonly #connections: WorkerConnections
  readonly #questions = new Map<string, Question[]>()

  constructor(connections: WorkerConnections) {
    this.#connections = connections
  }

  /** The state of an attempt; if it has not started by now it never will. Rejects while the worker cannot be reached. */
  ask(worker: WorkerRow, name: AttemptName): Promise<AttemptState> {
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
    await delay(BATCH_MS)
    const questions = this.#questions.get(worker.id) ?? []
    this.#questions.delete(worker.id)
    try {
      const transport = await this.#connections.get(worker)
      const names = questions.map((question) => question.name)
      const states = await observeAttempts(transport, names, true, scriptEnvironment(worker))
      questions.forEach((question, index) => {
        question.resolve(states[index] as AttemptState)
      })
    } catch (error) {
      for (const question of questions) question.reject(error)
    }
  }
}
