import type {Store} from '../data/store.js'
import {listTasks} from '../tasks/task-queries.js'
import {type TaskView, viewTask} from '../tasks/task-view.js'
import {Pace} from './pace.js'
import {countTasks, ENDED, hasEnded, selectTasks, type TaskCounts, type TaskSelection} from './watch-tasks.js'

/** The tasks that have come into another state since the look before. */
export interface TaskChange {
  changed: TaskView[]
  counts: TaskCounts
  /** All tasks that were named have ended. */
  done: boolean
  /** Milliseconds to wait before the next look. */
  pauseMs: number
}

const PAGE = 1000
// What was committed late carries an earlier time.
const OVERLAP_SECONDS = 5

/**
 * Finds what has changed by looking again and again at what runs and at what has ended since, never at all tasks. Of a task that starts
 * and ends between two looks only the end is seen.
 */
export class TaskChanges {
  readonly #store: Store
  readonly #selection: TaskSelection
  readonly #pace = new Pace()
  /** Tasks and their attempts as they were seen last. */
  #running = new Set<string>()
  #ended = new Set<string>()
  #since: string | undefined

  constructor(store: Store, selection: TaskSelection) {
    this.#store = store
    this.#selection = selection
  }

  /** One look. The first finds what runs, and, where tasks are named, all of these. */
  look(): Promise<TaskChange> {
    return this.#pace.time(async () => {
      // Counted first: what ends after it is found by the next look, so that nothing is missing at the end.
      const counts = await countTasks(this.#store, this.#selection)
      const ids = this.#since === undefined && this.#selection.ids ? await this.#first() : await this.#next()
      const changed: TaskView[] = []
      for (let from = 0; from < ids.length; from += PAGE) changed.push(...(await this.#read(ids.slice(from, from + PAGE))))
      return {changed, counts, done: hasEnded(this.#selection, counts)}
    })
  }

  async #first(): Promise<readonly string[]> {
    await this.#next()
    return this.#selection.ids ?? []
  }

  async #next(): Promise<string[]> {
    const since = this.#since
    const [clock] = await this.#store.query<{now: string}>(`SELECT ${this.#store.sql.afterSeconds} AS now`, [-OVERLAP_SECONDS])
    this.#since = clock?.now
    const ended = await this.#seen(`status IN ${ENDED} AND completed_at >= ?`, 'completed_at, seq', [since ?? clock?.now ?? ''])
    const running = await this.#seen(`status = 'running'`, 'seq')
    const news = [
      ...[...this.#running].filter((seen) => !running.has(seen) && !ended.has(seen)),
      // What had ended before the first look is no news.
      ...(since === undefined ? [] : [...ended].filter((seen) => !this.#ended.has(seen))),
      ...[...running].filter((seen) => !this.#running.has(seen)),
    ]
    this.#ended = ended
    this.#running = running
    return [...new Set(news.map((seen) => seen.slice(0, seen.indexOf(' '))))]
  }

  async #seen(condition: string, order: string, bindings: readonly string[] = []): Promise<Set<string>> {
    const selected = selectTasks(this.#store, this.#selection)
    const rows = await this.#store.query<{id: string; attempt: number}>(
      `SELECT id, attempt FROM tasks WHERE ${condition} AND ${selected.where} ORDER BY ${order}`,
      [...bindings, ...selected.bindings],
    )
    return new Set(rows.map(({id, attempt}) => `${id} ${attempt}`))
  }

  async #read(ids: readonly string[]): Promise<TaskView[]> {
    const found = new Map((await listTasks(this.#store, {ids, limit: ids.length})).map((task) => [task.id, task]))
    const tasks = ids.flatMap((id) => found.get(id) ?? []).map(viewTask)
    return tasks.filter((task) => this.#selection.status === undefined || task.status === this.#selection.status)
  }
}
