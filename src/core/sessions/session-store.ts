import {randomUUID} from 'node:crypto'
import type {Knex} from 'knex'
import {query} from '../data/sql.js'
import type {Store} from '../data/store.js'
import {splitModel} from '../providers/model-name.js'
import type {FinishReason, Message, Usage} from '../providers/provider.js'
import {projectNamed} from '../tasks/submit-tasks.js'

const LONGEST_TITLE = 80

/** A conversation that is to be kept. */
export interface NewSession {
  /** Who holds it: `cli`, `task`. */
  client: string
  /** Who answers, as `provider/model`. */
  origin: string
  /** The first words of what was asked become its title. */
  prompt: string
  messages: readonly Message[]
  /** Name of the project, made where it is new; `default` when absent. */
  project?: string | undefined
}

/** How an answer ended, for its message. */
export interface AnswerEnd {
  finishReason: FinishReason | 'error'
  usage: Usage
  /** US dollars; absent where it is not known. */
  cost?: number | undefined
}

/** Stores a session with the messages it begins with; resolves to its id. */
export function createSession(store: Store, {client, origin, prompt, messages, project}: NewSession): Promise<string> {
  const id = randomUUID()
  const {provider, model} = splitModel(origin)
  return store.write(async (trx) => {
    const projectId = await projectNamed(trx, project)
    await query(trx, 'INSERT INTO sessions (id, project_id, client, title, provider, model) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING', [
      id,
      projectId,
      client,
      titleOf(prompt),
      provider,
      model,
    ])
    await addMessages(trx, id, messages, 1)
    return id
  })
}

/** Adds to a session what was said since, as its messages from number `seq` on: an answer that ended so, and what it was answered. */
export async function appendToSession(store: Store, id: string, messages: readonly Message[], seq: number, end: AnswerEnd): Promise<void> {
  await store.write(async (trx) => {
    await addMessages(trx, id, messages, seq, end)
    await query(trx, `UPDATE sessions SET updated_at = ${store.sql.now} WHERE id = ?`, [id])
  })
}

/** US dollars that the answers of a project have cost since midnight, UTC. */
export async function spentToday(store: Store, project: string): Promise<number> {
  const today = store.dialect === 'postgres' ? `date_trunc('day', now() AT TIME ZONE 'UTC') AT TIME ZONE 'UTC'` : `strftime('%Y-%m-%dT00:00:00.000Z', 'now')`
  const [row] = await store.query<{dollars: number}>(
    `SELECT coalesce(sum(m.cost), 0) AS dollars FROM messages m JOIN sessions s ON s.id = m.session_id JOIN projects p ON p.id = s.project_id
     WHERE p.name = ? AND m.cost > 0 AND m.created_at >= ${today}`,
    [project],
  )
  return row?.dollars ?? 0
}

// A transaction that is repeated because its end got lost finds its own messages there.
async function addMessages(trx: Knex, sessionId: string, messages: readonly Message[], seq: number, end?: AnswerEnd): Promise<void> {
  for (const [index, message] of messages.entries()) {
    const ended = message.role === 'assistant' ? end : undefined
    await query(
      trx,
      'INSERT INTO messages (session_id, seq, role, content, finish_reason, usage, cost) VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id, seq) DO NOTHING',
      [sessionId, seq + index, message.role, contentOf(message), ended?.finishReason ?? null, ended ? JSON.stringify(ended.usage) : null, ended?.cost ?? null],
    )
  }
}

/** What an attachment holds is kept as base64. */
function contentOf({role: _, content, ...message}: Message): string {
  const asText = (part: Exclude<Message['content'], string>[number]) =>
    part.type === 'attachment' ? {...part, data: Buffer.from(part.data).toString('base64')} : part
  return JSON.stringify({content: typeof content === 'string' ? content : content.map(asText), ...message})
}

function titleOf(prompt: string): string {
  const line = prompt.replaceAll(/[\s\0]+/g, ' ').trim()
  return line.length > LONGEST_TITLE ? `${line.slice(0, LONGEST_TITLE - 1)}…` : line
}
