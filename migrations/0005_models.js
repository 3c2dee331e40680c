// @ts-check
/** @import {Knex} from 'knex' */

/** @param {Knex} knex */
export async function up(knex) {
  const postgres = knex.client.dialect === 'postgresql'
  const now = knex.raw(postgres ? 'now()' : "(strftime('%Y-%m-%dT%H:%M:%fZ','now'))")
  const type = postgres ? {id: 'uuid', time: 'timestamptz'} : {id: 'text', time: 'text'}

  await knex.schema.createTable('models', (table) => {
    table.specificType('id', type.id).primary()
    // Where the model is; `local` for this machine. Null where only the provider knows.
    table.specificType('worker_id', type.id).references('workers.id').onDelete('CASCADE')
    table.text('provider').notNullable()
    table.text('name').notNullable()
    table.bigInteger('size_bytes')
    table.text('digest')
    // How it came to be known: brought there alone, brought there with others, or found there.
    table.text('source').notNullable().checkIn(['pulled', 'deployed', 'discovered'], 'models_source')
    table.specificType('created_at', type.time).notNullable().defaultTo(now)
    // When it was last seen there.
    table.specificType('seen_at', type.time).notNullable().defaultTo(now)
    table.index(['provider', 'name'], 'models_name_idx')
  })
  // To both databases one null is unlike another.
  await knex.raw('CREATE UNIQUE INDEX models_worker_idx ON models (worker_id, provider, name) WHERE worker_id IS NOT NULL')
  await knex.raw('CREATE UNIQUE INDEX models_elsewhere_idx ON models (provider, name) WHERE worker_id IS NULL')
}

/** @param {Knex} knex */
export async function down(knex) {
  await knex.schema.dropTable('models')
}
