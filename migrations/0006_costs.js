// @ts-check
/** @import {Knex} from 'knex' */

/** @param {Knex} knex */
export async function up(knex) {
  await knex.schema.alterTable('messages', (table) => {
    // US dollars, of an answer whose price was known.
    table.double('cost')
  })
  // What was spent on a day is asked before each call.
  await knex.raw('CREATE INDEX messages_cost_idx ON messages (created_at) WHERE cost > 0')
}

/** @param {Knex} knex */
export async function down(knex) {
  await knex.raw('DROP INDEX messages_cost_idx')
  await knex.schema.alterTable('messages', (table) => table.dropColumn('cost'))
}
