import type {Store} from '../../data/store.js'
import {messageOf} from '../../errors/helix-error.js'
import type {Logger} from '../../logger.js'
import type {Transport} from '../transport.js'
import type {WorkerRow} from '../worker.js'
import {recordInstallation} from '../worker-store.js'
import {checkInstallation, type InstallSource, installHelix} from './install-helix.js'

/** Workers that are looked at or installed on at the same time; tasks share the machine and the link. */
const AT_ONCE = 2

/** Sees to it that the workers of a coordinator have its Helix, beside their tasks: each is tried once in the life of the process. */
export class AutoInstaller {
  readonly #store: Store
  readonly #source: InstallSource
  readonly #logger: Logger
  readonly #tried = new Map<string, Promise<string | undefined>>()
  readonly #queue: (() => void)[] = []
  #busy = 0

  constructor(store: Store, source: InstallSource, logger: Logger) {
    this.#store = store
    this.#source = source
    this.#logger = logger
  }

  /** Resolves to the version that is on the worker in the end, undefined for none. Never rejects: the worker has its shell. */
  ensureInstalled(worker: WorkerRow, transport: Transport): Promise<string | undefined> {
    const tried = this.#tried.get(worker.id)
    if (tried) return tried
    const trying = this.#inTurn(() => this.#install(worker, transport))
    this.#tried.set(worker.id, trying)
    return trying
  }

  async #install(worker: WorkerRow, transport: Transport): Promise<string | undefined> {
    if (worker.origin === 'local') return undefined
    try {
      const check = await checkInstallation(transport, this.#source)
      const {version, isNew} = await installHelix(transport, this.#source, check)
      await recordInstallation(this.#store, worker.id, version)
      if (isNew) this.#logger.info(`installed Helix ${version} on ${worker.name}`)
      return version
    } catch (error) {
      this.#logger.warn(`Helix is not installed on ${worker.name}, which runs tasks by its shell: ${messageOf(error)}`)
      return undefined
    }
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#busy >= AT_ONCE) await new Promise<void>((resolve) => this.#queue.push(resolve))
    else this.#busy += 1
    try {
      return await work()
    } finally {
      const next = this.#queue.shift()
      if (next) next()
      else this.#busy -= 1
    }
  }
}
