import type {Knex} from 'knex'
import Client from 'knex/lib/dialects/better-sqlite3/index.js'
import Transaction from 'knex/lib/dialects/sqlite3/execution/sqlite-transaction.js'

// With a plain BEGIN, processes that read before they write inside a transaction fail with SQLITE_BUSY however
// long they are willing to wait, since their snapshot is stale by then; taking the write lock at once avoids it.
class ImmediateTransaction extends Transaction {
  begin(connection: unknown): Promise<unknown> {
    return this.query(connection, 'BEGIN IMMEDIATE;')
  }
}

/** knex's better-sqlite3 client whose transactions take the write lock when they begin. */
export class SqliteClient extends Client {
  override transaction(...args: unknown[]): Knex.Transaction {
    return new ImmediateTransaction(this, ...args) as unknown as Knex.Transaction
  }
}
