// @ts-check
/** @import {Knex} from 'knex' */

/** @param {Knex} knex */
export async function up(knex) {
  const postgres = knex.client.dialect === 'postgresql'
  // SQLite keeps times as ISO 8601 text in UTC, which sorts as it reads.
  const now = knex.raw(postgres ? 'now()' : "(strftime('%Y-%m-%dT%H:%M:%fZ','now'))")
  const type = postgres ? {id: 'uuid', json: 'jsonb', bytes: 'bytea', time: 'timestamptz'} : {id: 'text', json: 'text', bytes: 'blob', time: 'text'}
  const empty = {list: postgres ? knex.raw("'[]'::jsonb") : '[]', map: postgres ? knex.raw("'{}'::jsonb") : '{}'}

  await knex.schema.createTable('configurations', (table) => {
    table.text('scope').notNullable()
    table.text('key').notNullable()
    table.specificType('value', type.json).notNullable()
    table.specificType('updated_at', type.time).notNullable().defaultTo(now)
    table.primary(['scope', 'key'])
  })

  await knex.schema.createTable('projects', (table) => {
    table.specificType('id', type.id).primary()
    table.text('name').notNullable().unique()
    table.text('path')
    table.specificType('created_at', type.time).notNullable().defaultTo(now)
    table.specificType('updated_at', type.time).notNullable().defaultTo(now)
  })

  await knex.schema.createTable('workers', (table) => {
    table.specificType('id', type.id).primary()
    table.text('name').notNullable()
    table.text('hostname').notNullable()
    table.integer('port').notNullable().defaultTo(0)
    table.text('username').notNullable().defaultTo('')
    // The machine that a `local` worker stands for; empty for one reached over SSH.
    table.text('host_id').notNullable().defaultTo('')
    table.text('origin').notNullable().defaultTo('command').checkIn(['command', 'config', 'local'])
    table.specificType('ssh_config', type.json).notNullable().defaultTo(empty.map)
    table.specificType('capabilities', type.json).notNullable().defaultTo(empty.list)
    table.specificType('labels', type.json).notNullable().defaultTo(empty.map)
    table.specificType('resources', type.json).notNullable().defaultTo(empty.map)
    table.integer('slots').notNullable().defaultTo(1)
    table.text('status').notNullable().defaultTo('active').checkIn(['active', 'inactive', 'maintenance', 'failed'])
    table.text('status_reason')
    table.specificType('retry_at', type.time)
    table.integer('connect_failures').notNullable().defaultTo(0)
    table.specificType('last_heartbeat', type.time)
    table.specificType('created_at', type.time).notNullable().defaultTo(now)
    table.specificType('updated_at', type.time).notNullable().defaultTo(now)
    table.unique(['name', 'host_id'])
    table.unique(['hostname', 'port', 'username', 'host_id'])
  })

  await knex.schema.createTable('coordinators', (table) => {
    table.specificType('id', type.id).primary()
    table.text('kind').notNullable().checkIn(['foreground', 'scheduler'])
    table.text('host_id').notNullable()
    table.text('hostname').notNullable()
    table.integer('pid').notNullable()
    // With pid and boot: a process that can be told from a later one with the same number.
    table.text('process_start').notNullable()
    table.text('boot_id').notNullable()
    table.boolean('stop_requested').notNullable().defaultTo(false)
    table.specificType('lease_expires_at', type.time).notNullable()
    table.specificType('started_at', type.time).notNullable().defaultTo(now)
  })

  await knex.schema.createTable('requests', (table) => {
    table.specificType('id', type.id).primary()
    table.specificType('project_id', type.id).notNullable().references('projects.id').onDelete('CASCADE')
    table.text('client').notNullable()
    table.text('command').notNullable()
    table.text('host_id').notNullable()
    table.specificType('created_at', type.time).notNullable().defaultTo(now)
  })

  await knex.schema.createTable('tasks', (table) => {
    if (postgres) {
      table.specificType('id', type.id).primary()
      table.bigIncrements('seq', {primaryKey: false}).unique()
    } else {
      table.increments('seq')
      table.specificType('id', type.id).notNullable().unique()
    }
    table.specificType('project_id', type.id).notNullable().references('projects.id').onDelete('CASCADE')
    table.specificType('request_id', type.id).notNullable().references('requests.id').onDelete('CASCADE')
    table.specificType('worker_id', type.id).references('workers.id').onDelete('SET NULL')
    table.text('name')
    table.string('type', 100).notNullable()
    table.string('status', 50).notNullable().defaultTo('pending').checkIn(['pending', 'running', 'completed', 'failed', 'cancelled'])
    table.specificType('input', type.json).notNullable().defaultTo(empty.map)
    table.specificType('output', type.json)
    table.text('error_message')
    table.text('failure_kind')
    table.integer('exit_code')
    table.text('signal')

    table.integer('priority').notNullable().defaultTo(0)
    table.specificType('requirements', type.json).notNullable().defaultTo(empty.map)
    // Tasks with equal requirements share a key, so that placement looks at one head a key and not at every task.
    table.text('placement_key').notNullable()
    table.specificType('available_at', type.time).notNullable().defaultTo(now)
    table.integer('blocked_by').notNullable().defaultTo(0)
    table.boolean('has_dependents').notNullable().defaultTo(false)
    table.specificType('retry_policy', type.json).notNullable().defaultTo(empty.map)
    table.integer('failures').notNullable().defaultTo(0)
    table.integer('attempt').notNullable().defaultTo(0)
    // The coordinator that submitted the task in the foreground and runs it alone; null when any may.
    table.specificType('submitter_id', type.id)
    table.specificType('coordinator_id', type.id)
    table.specificType('cancel_requested_at', type.time)
    table.text('idempotency_key').unique()
    table.specificType('started_at', type.time)
    table.specificType('completed_at', type.time)
    table.specificType('created_at', type.time).notNullable().defaultTo(now)
    table.index(['status'], 'tasks_status_idx')
    table.index(['project_id'], 'tasks_project_idx')
    table.index(['worker_id'], 'tasks_worker_idx')
    table.index(['request_id'], 'tasks_request_idx')
  })
  await knex.raw(`CREATE INDEX tasks_ready_idx ON tasks (submitter_id, placement_key, priority DESC, seq) WHERE status = 'pending' AND blocked_by = 0`)
  await knex.raw(`CREATE INDEX tasks_running_idx ON tasks (worker_id, coordinator_id) WHERE status = 'running'`)

  await knex.schema.createTable('task_dependencies', (table) => {
    table.specificType('task_id', type.id).notNullable().references('tasks.id').onDelete('CASCADE')
    table.specificType('needs_id', type.id).notNullable().references('tasks.id').onDelete('CASCADE')
    table.text('condition').notNullable().checkIn(['success', 'always'])
    table.primary(['task_id', 'needs_id'])
    table.index(['needs_id'], 'task_dependencies_needs_idx')
  })

  await knex.schema.createTable('task_attempts', (table) => {
    table.specificType('task_id', type.id).notNullable().references('tasks.id').onDelete('CASCADE')
    table.integer('attempt').notNullable()
    table.specificType('worker_id', type.id)
    table.text('worker_name').notNullable()
    table.specificType('coordinator_id', type.id).notNullable()
    table.text('status').notNullable().checkIn(['running', 'completed', 'failed', 'cancelled', 'released'])
    table.text('failure_kind')
    table.integer('exit_code')
    table.text('signal')
    table.text('error_message')
    table.specificType('stdout_bytes', 'bigint').notNullable().defaultTo(0)
    table.specificType('stderr_bytes', 'bigint').notNullable().defaultTo(0)
    table.specificType('stdout_tail', type.bytes)
    table.specificType('stderr_tail', type.bytes)
    table.specificType('started_at', type.time).notNullable().defaultTo(now)
    table.specificType('completed_at', type.time)
    table.primary(['task_id', 'attempt'])
  })

  await knex.schema.createTable('logs', (table) => {
    table.bigIncrements('id')
    table.text('level').notNullable()
    table.text('event').notNullable()
    table.text('message').notNullable()
    table.specificType('worker_id', type.id)
    table.specificType('task_id', type.id)
    table.specificType('created_at', type.time).notNullable().defaultTo(now)
  })
}

/** @param {Knex} knex */
export async function down(knex) {
  for (const name of ['logs', 'task_attempts', 'task_dependencies', 'tasks', 'requests', 'coordinators', 'workers', 'projects', 'configurations']) {
    await knex.schema.dropTable(name)
  }
}
