import {AttemptAgent} from '../workers/attempt-agent.js'
import type {Transport} from '../workers/transport.js'
import type {WorkerRow} from '../workers/worker.js'

const IDLE_MS = 2000

/** The agents of one coordinator: one for each connection, and on this machine one for each request, whose environment it has. */
export class AttemptAgents {
  readonly #agents = new Map<string, {transport: Transport; agent: Promise<AttemptAgent>}>()

  /** The agent of a worker; opened when there is none. Rejects with kind `unavailable` when the connection is lost. */
  async get(worker: WorkerRow, transport: Transport, requestId: string, env: NodeJS.ProcessEnv | undefined): Promise<AttemptAgent> {
    const key = worker.origin === 'local' ? `${worker.id} ${requestId}` : worker.id
    const known = this.#agents.get(key)
    if (known?.transport === transport) return known.agent
    const agent = AttemptAgent.open(transport, {env})
    const entry = {transport, agent}
    this.#agents.set(key, entry)
    const forget = () => {
      if (this.#agents.get(key) === entry) this.#agents.delete(key)
    }
    agent.then(({closed}) => closed.then(forget), forget)
    if (worker.origin === 'local') void agent.then((one) => this.#closeWhenIdle(one, forget)).catch(() => {})
    return agent
  }

  /** Lets go of all attempts; they go on. */
  close(): void {
    for (const {agent} of this.#agents.values()) void agent.then((one) => one.close()).catch(() => {})
    this.#agents.clear()
  }

  #closeWhenIdle(agent: AttemptAgent, forget: () => void): void {
    const timer = setInterval(() => {
      if (agent.isClosed || agent.running === 0) clearInterval(timer)
      if (agent.running > 0) return
      forget()
      agent.close()
    }, IDLE_MS)
    timer.unref()
  }
}
