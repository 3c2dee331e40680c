// The two modules of knex that the SQLite client extends; knex publishes no types for them.
declare module 'knex/lib/dialects/better-sqlite3/index.js' {
  import type {Knex} from 'knex'

  const Client: new (config: Knex.Config) => Knex.Client
  export default Client
}
declare module 'knex/lib/dialects/sqlite3/execution/sqlite-transaction.js' {
  const Transaction: new (...args: unknown[]) => {query(connection: unknown, sql: string): Promise<unknown>}
  export default Transaction
}
