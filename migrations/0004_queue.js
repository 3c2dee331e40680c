// @ts-check
/** @import {Knex} from 'knex' */

/** @param {Knex} knex */
export async function up(knex) {
  const postgres = knex.client.dialect === 'postgresql'
  const number = postgres ? 'double precision' : 'real'

  // What was ever claimed on a worker. It only grows, in the same transaction as the claim: whoever knows how much of it had ended at
  // some time knows how much room there is at least, and two coordinators cannot both take the last slot. Ending a task touches
  // nothing here, so that the ends of a worker's tasks do not wait for one another.
  await knex.schema.createTable('worker_claims', (table) => {
    table
      .specificType('worker_id', postgres ? 'uuid' : 'text')
      .primary()
      .references('workers.id')
      .onDelete('CASCADE')
    for (const name of ['slots', 'cpus', 'memory_bytes', 'gpus']) table.specificType(name, number).notNullable().defaultTo(0)
  })
  // Room for new versions of a row on its own page: no index is touched by a claim.
  if (postgres) await knex.raw('ALTER TABLE worker_claims SET (fillfactor = 20)')

  // PostgreSQL writes an entry into every index of a row that changes its status, for the claim and again for the end. What only few
  // rows are looked up by has an index of those few.
  await knex.schema.alterTable('tasks', (table) => {
    table.dropIndex(['status'], 'tasks_status_idx')
    table.dropIndex(['project_id'], 'tasks_project_idx')
    table.dropIndex(['worker_id'], 'tasks_worker_idx')
    table.dropUnique(['idempotency_key'])
  })
  await knex.raw('CREATE UNIQUE INDEX tasks_idempotency_key_idx ON tasks (idempotency_key) WHERE idempotency_key IS NOT NULL')
  await knex.raw(`CREATE INDEX tasks_pending_idx ON tasks (submitter_id, seq) WHERE status = 'pending'`)
  await knex.raw(`CREATE INDEX tasks_failed_idx ON tasks (seq) WHERE status = 'failed'`)
  await knex.raw(`CREATE INDEX tasks_cancelled_idx ON tasks (seq) WHERE status = 'cancelled'`)
  // Schedulers look for attempts that were given up with their workers.
  await knex.raw(`CREATE INDEX task_attempts_host_idx ON task_attempts (task_id) WHERE failure_kind = 'host'`)
  if (postgres) {
    await knex.raw('ALTER TABLE task_attempts SET (fillfactor = 70)')
    await knex.raw('ALTER TABLE task_attempts DROP CONSTRAINT task_attempts_task_id_foreign')
    await knex.raw('ALTER TABLE tasks DROP CONSTRAINT tasks_worker_id_foreign')
  }
}

/** @param {Knex} knex */
export async function down(knex) {
  await knex.schema.dropTable('worker_claims')
  await knex.raw('DROP INDEX task_attempts_host_idx')
  for (const name of ['idempotency_key', 'pending', 'failed', 'cancelled']) await knex.raw(`DROP INDEX tasks_${name}_idx`)
  await knex.schema.alterTable('tasks', (table) => {
    table.index(['status'], 'tasks_status_idx')
    table.index(['project_id'], 'tasks_project_idx')
    table.index(['worker_id'], 'tasks_worker_idx')
    table.unique(['idempotency_key'])
  })
}
