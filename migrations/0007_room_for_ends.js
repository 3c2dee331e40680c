// @ts-check
/** @import {Knex} from 'knex' */

// Room on a page for the second version of each attempt on it, the one that tells how it ended: then no index is touched, and no lock of the
// old row is written before another page is looked for. With 30 % of a page left free there was room for half of them.

/** @param {Knex} knex */
export async function up(knex) {
  if (knex.client.dialect !== 'postgresql') return
  await knex.raw('ALTER TABLE task_attempts SET (fillfactor = 45)')
}

/** @param {Knex} knex */
export async function down(knex) {
  if (knex.client.dialect !== 'postgresql') return
  await knex.raw('ALTER TABLE task_attempts SET (fillfactor = 70)')
}
