import type {Row, SqlDialect} from '../data/sql.js'
import type {TaskRow} from './task.js'

const JSON_COLUMNS = ['input', 'requirements', 'retry_policy'] as const

/** A task as the database returned it, with its JSON columns parsed. */
export function readTaskRow(sql: SqlDialect, row: Row): TaskRow {
  const parsed: Row = {...row}
  for (const column of JSON_COLUMNS) if (column in row) parsed[column] = sql.json(row[column])
  return parsed as unknown as TaskRow
}
