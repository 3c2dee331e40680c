import {readClock} from '../data/clock.js'
import type {Store} from '../data/store.js'
import {HelixError} from '../errors/helix-error.js'
import {listCoordinators} from '../scheduler/coordinator-lease.js'
import {TASK_STATUSES, type TaskStatus} from '../tasks/task.js'
import {listTasks, OF_REQUEST} from '../tasks/task-queries.js'
import {type TaskView, viewTask} from '../tasks/task-view.js'
import {Pace} from './pace.js'

/** Which tasks are watched; all of the store where nothing is named. */
export interface TaskSelection {
  ids?: readonly string[] | undefined
  requestId?: string | undefined
  workerId?: string | undefined
  status?: TaskStatus | undefined
}

/** The part of the list that is looked at. */
export interface TaskPage {
  /** Only tasks in this state; otherwise those that run and those that ended last. */
  status?: TaskStatus | undefined
  /** Only tasks with this in their name, their command or at the start of their id. */
  text?: string | undefined
  top: number
  height: number
}

export type TaskCounts = Record<TaskStatus, number>

/** What a look at the tasks has found. */
export interface TaskSnapshot {
  counts: TaskCounts
  /** Tasks that end per second, over the last seconds; null until there were two looks. */
  rate: number | null
  /** Coordinators that are alive as far as this machine can tell. */
  coordinators: number
  /** Length of the list, of which `rows` are those from `top` on. */
  total: number
  top: number
  rows: TaskView[]
  /** All tasks that were named have ended. */
  done: boolean
  /** The store's clock, which the times of the tasks are of; milliseconds since 1970. */
  now: number
  /** Milliseconds to wait before the next look. */
  pauseMs: number
}

export const ENDED = `('completed', 'failed', 'cancelled')`
const RECENT = 200
// What a search or the running tasks may bring; more nobody scrolls through.
const MOST_LISTED = 5000
const RATE_WINDOW_MS = 10_000
// Who scrolls looks more often than once a second; what does not depend on the page is kept for so long.
const KEPT_MS = 900

/** Condition on `tasks` for a selection, to stand behind WHERE, and its bindings. Its status is left to the caller. */
export function selectTasks(store: Store, {ids, requestId, workerId}: TaskSelection): {where: string; bindings: string[]} {
  const conditions = [
    ...(ids ? [`tasks.id IN ${store.sql.ids}`] : []),
    ...(requestId === undefined ? [] : [OF_REQUEST]),
    ...(workerId === undefined ? [] : ["tasks.worker_id = ? AND tasks.status <> 'pending'"]),
  ]
  const bindings = [...(ids ? [JSON.stringify(ids)] : []), ...[requestId, workerId].filter((value) => value !== undefined)]
  return {where: conditions.join(' AND ') || 'true', bindings}
}

/** How many tasks of a selection are in each state. */
export async function countTasks(store: Store, selection: TaskSelection): Promise<TaskCounts> {
  const {where, bindings} = selectTasks(store, selection)
  const rows = await store.query<{status: TaskStatus; count: number}>(`SELECT status, count(*) AS count FROM tasks WHERE ${where} GROUP BY status`, bindings)
  const counts = Object.fromEntries(TASK_STATUSES.map((status) => [status, 0])) as TaskCounts
  for (const row of rows) counts[row.status] = Number(row.count)
  return counts
}

/** True once all tasks of a selection that names its tasks have ended. */
export function hasEnded({ids, requestId}: TaskSelection, counts: TaskCounts): boolean {
  return (ids !== undefined || requestId !== undefined) && counts.pending + counts.running === 0
}

/** The request that an id, or the beginning of one, names. Throws `usage` when none or several do. */
export async function resolveRequestId(store: Store, text: string): Promise<string> {
  const known = /^[0-9a-f-]{1,36}$/i.test(text)
  const rows = known ? await store.query<{id: string}>('SELECT id FROM requests WHERE CAST(id AS text) LIKE ? LIMIT 2', [`${text.toLowerCase()}%`]) : []
  if (rows.length > 1) throw new HelixError('usage', `several requests begin with ${text}`, {code: 'REQUEST_AMBIGUOUS', hint: 'Give more of the id.'})
  if (!rows[0]) throw new HelixError('usage', `there is no request ${text}`, {code: 'REQUEST_NOT_FOUND'})
  return rows[0].id
}

/** What does not depend on the page, and when it was found. */
interface Overview {
  at: number
  counts: TaskCounts
  coordinators: number
  clock: number
  /** The ids of what runs and of what ended last. */
  current?: string[]
}

/** Looks at tasks again and again: counts by the index and one page of rows, however many tasks there are. */
export class TaskWatch {
  readonly #store: Store
  readonly #hostId: string
  readonly #selection: TaskSelection
  readonly #pace = new Pace()
  readonly #samples: {at: number; ended: number}[] = []
  #kept: Overview | undefined
  /** When the last of the tasks that ended last has ended; what ended before need not be sorted again. */
  #since = ''

  constructor(store: Store, hostId: string, selection: TaskSelection) {
    this.#store = store
    this.#hostId = hostId
    this.#selection = selection
  }

  /** One look. */
  look(page: TaskPage): Promise<TaskSnapshot> {
    return this.#pace.time(async () => {
      const {counts, coordinators, clock, at} = await this.#overview()
      const {ids, total, top} = await this.#list({...page, status: page.status ?? this.#selection.status}, counts)
      const found = new Map((await listTasks(this.#store, {ids, limit: ids.length})).map((task) => [task.id, task]))
      const rows = ids.flatMap((id) => found.get(id) ?? []).map(viewTask)
      const now = clock + performance.now() - at
      return {counts, rate: this.#rate(), coordinators, total, top, rows, done: hasEnded(this.#selection, counts), now}
    })
  }

  async #overview(): Promise<Overview> {
    const at = performance.now()
    if (this.#kept && at - this.#kept.at < KEPT_MS) return this.#kept
    const counts = await countTasks(this.#store, this.#selection)
    const coordinators = (await listCoordinators(this.#store, this.#hostId)).filter((one) => one.alive).length
    const overview = {at, counts, coordinators, clock: await readClock(this.#store)}
    this.#kept = overview
    this.#samples.push({at, ended: counts.completed + counts.failed + counts.cancelled})
    while (this.#samples.length > 2 && (this.#samples[1]?.at ?? at) <= at - RATE_WINDOW_MS) this.#samples.shift()
    return overview
  }

  async #list(page: TaskPage, counts: TaskCounts): Promise<{ids: string[]; total: number; top: number}> {
    // A page of a single state is read from the index alone, wherever it is.
    if (page.status && !page.text) {
      const total = counts[page.status]
      const top = lastTop(page, total)
      const order = page.status === 'pending' || page.status === 'running' ? 'seq' : 'seq DESC'
      return {ids: await this.#ids('status = ?', [page.status], `${order} LIMIT ? OFFSET ?`, [page.height, top]), total, top}
    }
    const all = page.text ? await this.#search(page.text, page.status) : (this.#selection.ids ?? (await this.#current()))
    const top = lastTop(page, all.length)
    return {ids: all.slice(top, top + page.height), total: all.length, top}
  }

  #search(text: string, status: TaskStatus | undefined): Promise<string[]> {
    const pattern = text.toLowerCase().replaceAll(/[\\%_]/g, '\\$&')
    const matches = `(lower(coalesce(name, input->>'command')) LIKE ? ESCAPE '\\' OR CAST(id AS text) LIKE ? ESCAPE '\\')`
    const bindings = [`%${pattern}%`, `${pattern}%`]
    return this.#ids(status ? `status = ? AND ${matches}` : matches, status ? [status, ...bindings] : bindings, 'seq DESC LIMIT ?', [MOST_LISTED])
  }

  /** What runs, and below it what ended last. */
  async #current(): Promise<string[]> {
    if (this.#kept?.current) return this.#kept.current
    const running = await this.#ids(`status = 'running'`, [], 'seq LIMIT ?', [MOST_LISTED])
    const {where, bindings} = selectTasks(this.#store, this.#selection)
    const since = this.#since ? ' AND completed_at >= ?' : ''
    const recent = await this.#store.query<{id: string; completed_at: string}>(
      `SELECT id, completed_at FROM tasks WHERE status IN ${ENDED} AND ${where}${since} ORDER BY completed_at DESC, seq DESC LIMIT ?`,
      [...bindings, ...(since ? [this.#since] : []), RECENT],
    )
    if (recent.length === RECENT) this.#since = recent.at(-1)?.completed_at ?? ''
    const current = [...running, ...recent.map((row) => row.id)]
    if (this.#kept) this.#kept.current = current
    return current
  }

  async #ids(condition: string, bindings: readonly string[], order: string, limits: readonly number[]): Promise<string[]> {
    const selected = selectTasks(this.#store, this.#selection)
    const rows = await this.#store.query<{id: string}>(`SELECT id FROM tasks WHERE ${condition} AND ${selected.where} ORDER BY ${order}`, [
      ...bindings,
      ...selected.bindings,
      ...limits,
    ])
    return rows.map((row) => row.id)
  }

  #rate(): number | null {
    const first = this.#samples[0]
    const last = this.#samples.at(-1)
    if (!first || !last || first === last) return null
    return Math.max(0, ((last.ended - first.ended) * 1000) / (last.at - first.at))
  }
}

// A list that has become shorter is shown from where its last page begins.
function lastTop({top, height}: TaskPage, total: number): number {
  return Math.max(0, Math.min(top, total - height))
}
