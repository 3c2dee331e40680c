// @ts-check
/** @import {Knex} from 'knex' */

// An attempt is written once, when it has ended, so that its page needs no room for a second version.

/** @param {Knex} knex */
export async function up(knex) {
  if (knex.client.dialect !== 'postgresql') return
  await knex.raw('ALTER TABLE task_attempts RESET (fillfactor)')
}

/** @param {Knex} knex */
export async function down(knex) {
  if (knex.client.dialect !== 'postgresql') return
  await knex.raw('ALTER TABLE task_attempts SET (fillfactor = 45)')
}
