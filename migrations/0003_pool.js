// @ts-check
/** @import {Knex} from 'knex' */

/** @param {Knex} knex */
export async function up(knex) {
  const postgres = knex.client.dialect === 'postgresql'
  const now = knex.raw(postgres ? 'now()' : "(strftime('%Y-%m-%dT%H:%M:%fZ','now'))")
  const type = postgres ? {id: 'uuid', json: 'jsonb', time: 'timestamptz'} : {id: 'text', json: 'text', time: 'text'}
  const emptyMap = postgres ? knex.raw("'{}'::jsonb") : '{}'

  await knex.schema.alterTable('workers', (table) => {
    // What the worker was found to be and to have; `capabilities` is what it was declared to have.
    table.specificType('discovered', type.json).notNullable().defaultTo(emptyMap)
    table.specificType('load', type.json).notNullable().defaultTo(emptyMap)
    table.specificType('checked_at', type.time)
    // The Helix that is installed there.
    table.text('helix_version')
    // How often its connection was lost lately, so that one which comes and goes is left alone for a while.
    table.integer('losses').notNullable().defaultTo(0)
    table.specificType('lost_at', type.time)
  })

  await knex.schema.createTable('schedules', (table) => {
    table.specificType('id', type.id).primary()
    table.specificType('project_id', type.id).notNullable().references('projects.id').onDelete('CASCADE')
    table.text('name').notNullable().unique()
    table.text('cron').notNullable()
    // IANA name of the zone that the expression is read in.
    table.text('timezone').notNullable()
    table.specificType('task', type.json).notNullable()
    table.text('host_id').notNullable()
    table.boolean('enabled').notNullable().defaultTo(true)
    table.specificType('next_at', type.time)
    table.specificType('last_at', type.time)
    table.specificType('last_task_id', type.id)
    table.specificType('created_at', type.time).notNullable().defaultTo(now)
    table.specificType('updated_at', type.time).notNullable().defaultTo(now)
    table.index(['next_at'], 'schedules_next_idx')
  })

  // SQLite cannot change a check, so the table is made anew.
  await knex.schema.createTable('task_dependencies_new', (table) => {
    table.specificType('task_id', type.id).notNullable().references('tasks.id').onDelete('CASCADE')
    table.specificType('needs_id', type.id).notNullable().references('tasks.id').onDelete('CASCADE')
    table.text('condition').notNullable().checkIn(['success', 'failure', 'always'], 'task_dependencies_condition')
    table.primary(['task_id', 'needs_id'])
  })
  await knex.raw('INSERT INTO task_dependencies_new (task_id, needs_id, condition) SELECT task_id, needs_id, condition FROM task_dependencies')
  await knex.schema.dropTable('task_dependencies')
  await knex.schema.renameTable('task_dependencies_new', 'task_dependencies')
  await knex.schema.alterTable('task_dependencies', (table) => {
    table.index(['needs_id'], 'task_dependencies_needs_idx')
  })
}

/** @param {Knex} knex */
export async function down(knex) {
  await knex.schema.dropTable('schedules')
  await knex.schema.alterTable('workers', (table) => {
    table.dropColumns('discovered', 'load', 'checked_at', 'helix_version', 'losses', 'lost_at')
  })
}
