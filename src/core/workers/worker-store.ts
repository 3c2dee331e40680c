import {randomUUID} from 'node:crypto'
import {availableParallelism, homedir, hostname, totalmem} from 'node:os'
import {join} from 'node:path'
import {formatPath} from '../config/config-path.js'
import {type IgnoredSettings, requireTrusted} from '../config/restrict-untrusted.js'
import type {Row, SqlDialect} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {HelixError} from '../errors/helix-error.js'
import {storeFoundModels} from '../models/found-models.js'
import {nearestName} from '../nearest-name.js'
import type {SshSettings} from '../ssh/ssh-settings.js'
import type {AttemptName} from './attempt-spec.js'
import type {WorkerProbe} from './probe-report.js'
import type {WorkerLoad, WorkerRow, WorkerStatus} from './worker.js'

/** After so many connections lost in a row a worker is left alone for a while. */
export const MOST_LOSSES = 5
/** How many workers an error lists. */
const MOST_NAMED = 20

const JSON_COLUMNS = ['ssh_config', 'capabilities', 'labels', 'resources', 'discovered', 'load'] as const

/** What is stored of a worker that is reached over SSH. */
export interface NewWorker {
  name: string
  hostname: string
  port: number
  username: string
  origin: 'command' | 'config'
  settings: SshSettings
  capabilities: string[]
  labels: Record<string, string>
  slots: number
}

/** What `worker set` and a changed config may change. */
export type WorkerChanges = Partial<Pick<NewWorker, 'hostname' | 'port' | 'username' | 'origin' | 'settings' | 'capabilities' | 'labels' | 'slots'>>

/** The workers that this machine can see: all that are reached over SSH, and itself as `local`. */
export async function listWorkers(store: Store, hostId: string): Promise<WorkerRow[]> {
  const rows = await store.query(`SELECT * FROM workers WHERE host_id IN ('', ?) ORDER BY host_id, name`, [hostId])
  return rows.map((row) => readWorkerRow(store.sql, row))
}

/** What a worker is looked up with. */
export interface WorkerLookup {
  store: Store
  hostId: string
  /** What an untrusted project sets without effect, perhaps this very worker. */
  ignored?: IgnoredSettings | undefined
}

/** Throws `usage` for a name that no worker has, `denied` for one that only an untrusted project describes. */
export async function findWorker(lookup: WorkerLookup, name: string): Promise<WorkerRow> {
  const workers = await listWorkers(lookup.store, lookup.hostId)
  return workers.find((worker) => worker.name === name) ?? failNotFound(lookup, name, workers)
}

/** Throws what `findWorker` does for a name that is not among the workers. */
export function failNotFound(lookup: Pick<WorkerLookup, 'ignored'>, name: string, workers: readonly {name: string}[]): never {
  requireTrusted(lookup, formatPath(['workers', 'pool', name]))
  const names = workers.map((worker) => worker.name)
  const meant = nearestName(name, names)
  const some = names.length > MOST_NAMED ? `${names.slice(0, MOST_NAMED).join(', ')}, …` : names.join(', ')
  throw new HelixError('usage', `there is no worker named ${name}`, {
    code: 'WORKER_NOT_FOUND',
    hint: meant === undefined ? `There are: ${some}. Add one with: helix worker add NAME user@host` : `Did you mean ${meant}?`,
  })
}

/** Makes sure that this machine itself is a worker: as many slots as it has CPUs. */
export async function ensureLocalWorker(store: Store, hostId: string): Promise<void> {
  const [known] = await store.query('SELECT id FROM workers WHERE host_id = ?', [hostId])
  if (known) return
  const resources = {
    cpus: availableParallelism(),
    memory_bytes: totalmem(),
    attempts_root: join(process.env.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'helix'),
  }
  await store.query(
    `INSERT INTO workers (id, name, hostname, host_id, origin, resources, slots) VALUES (?, 'local', ?, ?, 'local', ?, ?) ON CONFLICT DO NOTHING`,
    [randomUUID(), hostname(), hostId, JSON.stringify(resources), availableParallelism()],
  )
}

/** Stores a new worker. Throws `usage` when its name, or its user on that host and port, is taken. */
export async function insertWorker(store: Store, worker: NewWorker): Promise<void> {
  const rows = await store.query(
    `INSERT INTO workers (id, name, hostname, port, username, origin, ssh_config, capabilities, labels, slots)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING RETURNING id`,
    [
      randomUUID(),
      worker.name,
      worker.hostname,
      worker.port,
      worker.username,
      worker.origin,
      JSON.stringify(worker.settings),
      JSON.stringify(worker.capabilities),
      JSON.stringify(worker.labels),
      worker.slots,
    ],
  )
  if (rows.length > 0) return
  await requireNewWorker(store, worker)
  // Whoever had it has been removed meanwhile.
  await insertWorker(store, worker)
}

/** Throws `usage` when the name of a worker, or its user on that host and port, is taken. */
export async function requireNewWorker(store: Store, worker: Pick<NewWorker, 'name' | 'hostname' | 'port' | 'username'>): Promise<void> {
  const [other] = await store.query<{name: string}>(
    `SELECT name FROM workers WHERE host_id = '' AND (name = ? OR (hostname = ? AND port = ? AND username = ?))`,
    [worker.name, worker.hostname, worker.port, worker.username],
  )
  if (!other) return
  const taken =
    other.name === worker.name
      ? `there is a worker named ${worker.name} already`
      : `${worker.username}@${worker.hostname}:${worker.port} is the worker ${other.name} already`
  throw new HelixError('usage', taken, {code: 'WORKER_EXISTS', hint: 'Change it with: helix worker set, or remove it with: helix worker remove'})
}

/** Changes what is stored of a worker. */
export async function updateWorker(store: Store, id: string, changes: WorkerChanges): Promise<void> {
  const {settings, capabilities, labels, ...plain} = changes
  const columns: Record<string, string | number> = {...plain}
  if (settings) columns.ssh_config = JSON.stringify(settings)
  if (capabilities) columns.capabilities = JSON.stringify(capabilities)
  if (labels) columns.labels = JSON.stringify(labels)
  const names = Object.keys(columns)
  if (names.length === 0) return
  await store.query(`UPDATE workers SET ${names.map((name) => `${name} = ?`).join(', ')}, updated_at = ${store.sql.now} WHERE id = ?`, [
    ...Object.values(columns),
    id,
  ])
}

/** Records where a worker keeps attempt folders, as its first attempt told. */
export async function rememberAttemptsRoot(store: Store, worker: WorkerRow, root: string): Promise<void> {
  if (worker.resources.attempts_root === root) return
  worker.resources.attempts_root = root
  await store.query(`UPDATE workers SET resources = ${store.sql.withFields('resources')} WHERE id = ?`, [JSON.stringify({attempts_root: root}), worker.id])
}

/** Records what a worker was found to be and to have, and how busy it is. False where it was removed meanwhile. */
export async function storeProbe(store: Store, id: string, {facts, resources, load, servers}: WorkerProbe): Promise<boolean> {
  const {now, withFields} = store.sql
  const rows = await store.prepared(
    `UPDATE workers SET resources = ${withFields('resources')}, discovered = ?, load = ?, checked_at = ${now}, last_heartbeat = ${now} WHERE id = ? RETURNING id`,
    [...[resources, facts, load].map((found) => JSON.stringify(found)), id],
  )
  const isThere = rows.length > 0
  if (isThere && servers) await storeFoundModels(store, id, servers)
  return isThere
}

/** Records how busy workers are, by their ids. */
export async function storeLoads(store: Store, loads: ReadonlyMap<string, WorkerLoad>): Promise<void> {
  const {now, rows} = store.sql
  const known = JSON.stringify(Array.from(loads, ([id, load]) => ({id, load})))
  await store.prepared(
    `UPDATE workers SET load = j.load, checked_at = ${now}, last_heartbeat = ${now} FROM ${rows({id: 'uuid', load: 'jsonb'})} WHERE workers.id = j.id`,
    [known],
  )
}

/** Records which version of Helix is installed on a worker; undefined for none. */
export async function recordInstallation(store: Store, id: string, version: string | undefined): Promise<void> {
  await store.query('UPDATE workers SET helix_version = ? WHERE id = ?', [version ?? null, id])
}

/** The folder of an attempt on its worker. */
export function attemptDirectory(worker: WorkerRow, {storeId, taskId, attempt}: AttemptName): string {
  return `${worker.resources.attempts_root ?? '.local/state/helix'}/${storeId}/${taskId}/${attempt}`
}

/** Takes a worker out of the pool. Throws `usage` while a task runs on it. */
export async function deleteWorker(store: Store, worker: WorkerRow): Promise<void> {
  const rows = await store.query(
    `DELETE FROM workers WHERE id = ? AND NOT EXISTS (SELECT 1 FROM tasks WHERE worker_id = workers.id AND status = 'running') RETURNING id`,
    [worker.id],
  )
  if (rows.length === 0) {
    throw new HelixError('usage', `tasks are running on ${worker.name}`, {
      code: 'WORKER_IN_USE',
      hint: `Cancel them or wait for them: helix task list --worker ${worker.name} --status running`,
    })
  }
}

/**
 * Records that a worker could be reached. One in maintenance stays there, and one whose connection was lost again and again
 * stays alone until its time has come.
 */
export async function markReachable(store: Store, id: string): Promise<void> {
  const stays = `status = 'maintenance' OR (status = 'inactive' AND losses >= ${MOST_LOSSES} AND retry_at > ${store.sql.now})`
  await store.query(
    `UPDATE workers SET status = CASE WHEN ${stays} THEN status ELSE 'active' END, status_reason = CASE WHEN ${stays} THEN status_reason END,
       retry_at = CASE WHEN ${stays} THEN retry_at END, connect_failures = 0, last_heartbeat = ${store.sql.now} WHERE id = ?`,
    [id],
  )
}

/** Records that a worker could not be used and why; `inactive` ones are tried again after `retryAfterSeconds`, or when their rest is over. */
export async function markUnusable(
  store: Store,
  id: string,
  status: Extract<WorkerStatus, 'inactive' | 'failed'>,
  reason: string,
  retryAfterSeconds: number,
): Promise<void> {
  const {now, afterSeconds} = store.sql
  await store.query(
    `UPDATE workers SET status = ?, status_reason = ?, connect_failures = connect_failures + 1,
       retry_at = CASE WHEN losses >= ${MOST_LOSSES} AND retry_at > ${now} THEN retry_at ELSE ${afterSeconds} END
     WHERE id = ? AND status <> 'maintenance'`,
    [status, reason, retryAfterSeconds, id],
  )
}

/** A row of `workers` with its JSON columns parsed. */
export function readWorkerRow(sql: SqlDialect, row: Row): WorkerRow {
  const parsed: Row = {...row}
  for (const column of JSON_COLUMNS) parsed[column] = sql.json(row[column])
  return parsed as unknown as WorkerRow
}
