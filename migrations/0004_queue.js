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
}

/** @param {Knex} knex */
export async function down(knex) {
  await knex.schema.dropTable('worker_claims')
}
