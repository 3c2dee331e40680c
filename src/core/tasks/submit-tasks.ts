import {createHash, randomUUID} from 'node:crypto'
import type {Knex} from 'knex'
import {query} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {announceWork} from '../data/wake-ups.js'
import {HelixError} from '../errors/helix-error.js'
import type {NeedCondition, Requirements, TaskInput, TaskPolicy, TaskType} from './task.js'
import {storedPolicy} from './task-policy.js'

const DEFAULT_PROJECT = 'default'

/** A task to be queued. */
export interface NewTask {
  id: string
  name?: string | undefined
  type: TaskType
  input: TaskInput
  priority: number
  requirements: Requirements
  policy: TaskPolicy
  idempotencyKey?: string | undefined
  /** Whole seconds before which it does not start. */
  startAfterSeconds?: number | undefined
  /** Tasks of the same submission, or of the store, that must end first. */
  needs?: {id: string; condition: NeedCondition}[]
  /** Other tasks of this submission wait for it. */
  hasDependents?: boolean
}

/** One submission: what was asked for, by whom, and the tasks that came of it. */
export interface NewRequest {
  id: string
  command: string
  hostId: string
  /** Name of the project that its tasks belong to, made where it is new; `default` when absent. Projects share the workers fairly. */
  project?: string | undefined
  /** The coordinator that will run these tasks itself; absent when any may. */
  submitterId?: string | undefined
  /** Leaves again, where it is pruned, what its tasks need beside their rows. For a request whose tasks come little by little. */
  restore?: (() => Promise<void>) | undefined
}

/** Creates the request that tasks are then added to; within `outer` where the caller has a transaction. */
export async function createRequest(store: Store, request: NewRequest, outer?: Knex.Transaction): Promise<void> {
  await within(store, outer, async (trx) => {
    const projectId = await projectNamed(trx, request.project)
    await query(trx, 'INSERT INTO requests (id, project_id, client, command, host_id) VALUES (?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING', [
      request.id,
      projectId,
      'cli',
      request.command,
      request.hostId,
    ])
  })
}

/**
 * Queues tasks, all or none. Resolves to the ids in the order given: a task whose idempotency key the store already has
 * is not added, its earlier id is returned. Once this resolves the tasks are durable, or will be with `outer`, the caller's transaction.
 * A request that was pruned meanwhile, because all of its earlier tasks had ended, is made again.
 */
export function submitTasks(store: Store, request: NewRequest, tasks: readonly NewTask[], outer?: Knex.Transaction): Promise<string[]> {
  return within(store, outer, async (trx) => {
    // Locked, so that it is not pruned before its tasks are there.
    const [stored] = await query(trx, `SELECT id FROM requests WHERE id = ? ${store.sql.forUpdate}`, [request.id])
    if (!stored) {
      await createRequest(store, request, trx)
      await request.restore?.()
    }
    const projectId = await projectNamed(trx, request.project)
    const rows = tasks.map((task) => ({
      id: task.id,
      name: task.name ?? null,
      type: task.type,
      input: task.input,
      priority: task.priority,
      requirements: task.requirements,
      placement_key: placementKey(task.requirements, request.project),
      blocked_by: task.needs?.length ?? 0,
      has_dependents: task.hasDependents ?? false,
      retry_policy: storedPolicy(task.policy),
      idempotency_key: task.idempotencyKey ?? null,
      start_after: task.startAfterSeconds ?? 0,
    }))
    const columns = {
      id: 'uuid',
      name: 'text',
      type: 'text',
      input: 'jsonb',
      priority: 'integer',
      requirements: 'jsonb',
      placement_key: 'text',
      blocked_by: 'integer',
      has_dependents: 'boolean',
      retry_policy: 'jsonb',
      idempotency_key: 'text',
    } as const
    await query(
      trx,
      `INSERT INTO tasks (project_id, request_id, submitter_id, available_at, ${Object.keys(columns).join(', ')})
       SELECT CAST(? AS ${store.sql.idType}), CAST(? AS ${store.sql.idType}), CAST(? AS ${store.sql.idType}), ${store.sql.afterSeconds.replace('?', 'start_after')},
         ${Object.keys(columns).join(', ')} FROM ${store.sql.rows({...columns, start_after: 'integer'})} WHERE true ON CONFLICT DO NOTHING`,
      [projectId, request.id, request.submitterId ?? null, JSON.stringify(rows)],
    )
    // Looked up afterwards: another process may have been submitting the same key at the same time.
    const known = await findByIdempotencyKey(trx, tasks)
    const ids = tasks.map((task) => (task.idempotencyKey === undefined ? task.id : (known.get(task.idempotencyKey) ?? task.id)))
    const added = tasks.filter((task, index) => task.id === ids[index])
    const needs = added.flatMap((task) => (task.needs ?? []).map((need) => ({task_id: task.id, needs_id: need.id, condition: need.condition})))
    if (needs.length > 0) {
      await query(
        trx,
        `INSERT INTO task_dependencies (task_id, needs_id, condition)
         SELECT task_id, needs_id, condition FROM ${store.sql.rows({task_id: 'uuid', needs_id: 'uuid', condition: 'text'})} WHERE true ON CONFLICT DO NOTHING`,
        [JSON.stringify(needs)],
      )
    }
    if (!request.submitterId) await announceWork(trx, store)
    return ids
  })
}

/** Equal for tasks of one project that may go to the same workers, whatever order their requirements are written in. */
export function placementKey(requirements: Requirements, project = DEFAULT_PROJECT): string {
  const sorted = {
    ...requirements,
    capabilities: requirements.capabilities?.toSorted(),
    labels: requirements.labels && Object.entries(requirements.labels).toSorted(([a], [b]) => (a < b ? -1 : 1)),
    // Left out for the default project, whose tasks may be older than projects are.
    ...(project !== DEFAULT_PROJECT && {project}),
  }
  const canonical = JSON.stringify(Object.entries(sorted).toSorted(([a], [b]) => (a < b ? -1 : 1)))
  return createHash('sha256').update(canonical).digest('base64url').slice(0, 16)
}

function within<T>(store: Store, outer: Knex.Transaction | undefined, work: (trx: Knex.Transaction) => Promise<T>): Promise<T> {
  return outer ? work(outer) : store.write(work)
}

async function findByIdempotencyKey(trx: Knex, tasks: readonly NewTask[]): Promise<Map<string, string>> {
  const keys = tasks.map((task) => task.idempotencyKey).filter((key) => key !== undefined)
  if (keys.length === 0) return new Map()
  if (new Set(keys).size < keys.length)
    throw new HelixError('usage', 'two tasks of one submission have the same idempotency key', {code: 'IDEMPOTENCY_KEY_REPEATED'})
  const rows = await query<{id: string; idempotency_key: string}>(
    trx,
    `SELECT id, idempotency_key FROM tasks WHERE idempotency_key IN (${keys.map(() => '?').join(', ')})`,
    keys,
  )
  return new Map(rows.map((row) => [row.idempotency_key, row.id]))
}

/** The id of a project, which is made when it is first named; every store has one named `default`. */
export async function projectNamed(trx: Knex, name = DEFAULT_PROJECT): Promise<string> {
  const find = () => query<{id: string}>(trx, 'SELECT id FROM projects WHERE name = ?', [name])
  const [found] = await find()
  if (found) return found.id
  await query(trx, 'INSERT INTO projects (id, name) VALUES (?, ?) ON CONFLICT (name) DO NOTHING', [randomUUID(), name])
  const [made] = await find()
  if (!made) throw new HelixError('bug', `the store has no project ${name}`, {code: 'NO_PROJECT'})
  return made.id
}
