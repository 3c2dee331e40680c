// @ts-check
/** @import {Knex} from 'knex' */

// The index on requests leaves out tasks that run, for which there is another: a claim writes no entry into it. The key on requests
// went through it for each request that is removed; those go when they have no tasks any more.

/** @param {Knex} knex */
export async function up(knex) {
  if (knex.client.dialect !== 'postgresql') return
  await knex.raw('ALTER TABLE tasks DROP CONSTRAINT tasks_request_id_foreign')
  await knex.raw('DROP INDEX tasks_request_idx')
  await knex.raw(`CREATE INDEX tasks_request_idx ON tasks (request_id) WHERE status <> 'running'`)
}

/** @param {Knex} knex */
export async function down(knex) {
  if (knex.client.dialect !== 'postgresql') return
  await knex.raw('DROP INDEX tasks_request_idx')
  await knex.raw('CREATE INDEX tasks_request_idx ON tasks (request_id)')
  await knex.raw('ALTER TABLE tasks ADD CONSTRAINT tasks_request_id_foreign FOREIGN KEY (request_id) REFERENCES requests (id) ON DELETE CASCADE')
}
