import type {Row, SqlDialect} from '../data/sql.js'
import type {TaskPolicy, TaskRow} from './task.js'
import {readPolicy} from './task-policy.js'

const JSON_COLUMNS = ['input', 'requirements', 'retry_policy'] as const

/** A task as the database returned it, with those of its JSON columns that are there parsed, in place. */
export function readTaskRow<T = TaskRow>(sql: SqlDialect, row: Row): T {
  for (const column of JSON_COLUMNS) if (column in row) row[column] = sql.json(row[column])
  if ('retry_policy' in row) row.retry_policy = readPolicy(row.retry_policy as Partial<TaskPolicy>)
  return row as T
}
