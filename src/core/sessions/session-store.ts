import {randomUUID} from 'node:crypto'
import type {Knex} from 'knex'
import {query} from '../data/sql.js'
import type {Store} from '../data/store.js'
import type {FinishReason, Message, Usage} from '../providers/provider.js'
import {defaultProject} from '../tasks/submit-tasks.js'

const LONGEST_TITLE = 80

/** A conversation that is to be kept. */
export interface NewSession {
  /** Who holds it: `cli`, `task`. */
  client: string
  provider: string
  model: string
  /** The first words of what was asked become its title. */
  prompt: string
  messages: readonly Message[]
}

/** How an answer ended, for its message. */
export interface AnswerEnd {
  finishReason: FinishReason | 'error'
  usage: Usage
}

/** Stores a session with the messages it begins with; resolves to its id. */
export function createSession(store: Store, {client, provider, model, prompt, messages}: NewSession): Promise<string> {
  const id = randomUUID()
  return store.write(async (trx) => {
    const projectId = await defaultProject(trx)
    await query(trx, 'INSERT INTO sessions (id, project_id, client, title, provider, model) VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING', [
      id,
      projectId,
      client,
      titleOf(prompt),
      provider,
      model,
    ])
    await addMessages(trx, id, messages)
    return id
  })
}

/** Adds to a session what was said since; `end` belongs to the last of the messages. */
export async function appendToSession(store: Store, id: string, messages: readonly Message[], end: AnswerEnd): Promise<void> {
  await store.write(async (trx) => {
    await addMessages(trx, id, messages, end)
    await query(trx, `UPDATE sessions SET updated_at = ${store.sql.now} WHERE id = ?`, [id])
  })
}

async function addMessages(trx: Knex, sessionId: string, messages: readonly Message[], end?: AnswerEnd): Promise<void> {
  const [row] = await query<{next: number}>(trx, 'SELECT coalesce(max(seq), 0) + 1 AS next FROM messages WHERE session_id = ?', [sessionId])
  for (const [index, message] of messages.entries()) {
    const last = end && index === messages.length - 1 ? end : undefined
    await query(trx, 'INSERT INTO messages (session_id, seq, role, content, finish_reason, usage) VALUES (?, ?, ?, ?, ?, ?)', [
      sessionId,
      Number(row?.next) + index,
      message.role,
      contentOf(message),
      last?.finishReason ?? null,
      last ? JSON.stringify(last.usage) : null,
    ])
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
