// @ts-check
/** @import {Knex} from 'knex' */

/** @param {Knex} knex */
export async function up(knex) {
  const postgres = knex.client.dialect === 'postgresql'
  const now = knex.raw(postgres ? 'now()' : "(strftime('%Y-%m-%dT%H:%M:%fZ','now'))")
  const type = postgres ? {id: 'uuid', time: 'timestamptz'} : {id: 'text', time: 'text'}

  await knex.schema.createTable('sessions', (table) => {
    table.specificType('id', type.id).primary()
    table.specificType('project_id', type.id).notNullable().references('projects.id').onDelete('CASCADE')
    table.text('client').notNullable()
    table.text('title').notNullable()
    table.text('provider').notNullable()
    table.text('model').notNullable()
    table.specificType('created_at', type.time).notNullable().defaultTo(now)
    table.specificType('updated_at', type.time).notNullable().defaultTo(now)
    table.index(['project_id', 'updated_at'], 'sessions_project_idx')
  })

  await knex.schema.createTable('messages', (table) => {
    table.specificType('session_id', type.id).notNullable().references('sessions.id').onDelete('CASCADE')
    table.integer('seq').notNullable()
    table.text('role').notNullable().checkIn(['system', 'user', 'assistant', 'tool'])
    // JSON as text: a model may write characters that jsonb refuses.
    table.text('content').notNullable()
    // Of an answer: why it ended (`error` when it was cut off) and the tokens it took.
    table.text('finish_reason')
    table.text('usage')
    table.specificType('created_at', type.time).notNullable().defaultTo(now)
    table.primary(['session_id', 'seq'])
  })
}

/** @param {Knex} knex */
export async function down(knex) {
  for (const name of ['messages', 'sessions']) await knex.schema.dropTable(name)
}
