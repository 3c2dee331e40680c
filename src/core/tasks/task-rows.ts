import type {Row, SqlDialect} from '../data/sql.js'
import {DEFAULT_POLICY, type TaskRow} from './task.js'

const JSON_COLUMNS = ['input', 'requirements', 'retry_policy'] as const

/** A task as the database returned it, with its JSON columns parsed. */
export function readTaskRow(sql: SqlDialect, row: Row): TaskRow {
  const parsed: Row = {...row}
  for (const column of JSON_COLUMNS) if (column in row) parsed[column] = sql.json(row[column])
  // A task that an older Helix queued lacks what policies have got since.
  if ('retry_policy' in row) parsed.retry_policy = {...DEFAULT_POLICY, ...(parsed.retry_policy as object)}
  return parsed as unknown as TaskRow
}
