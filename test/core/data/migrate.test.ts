import {expect, test} from '@jest/globals'
import {latestVersion, listMigrationStates, runMigrations, schemaVersion} from '../../../src/core/data/migrate.js'
import {connectStore, locateStore, type Store} from '../../../src/core/data/store.js'
import {MIGRATION_NAMES, MIGRATIONS, openTestStore} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'
import {runProcess} from '../../fixtures/test-process.js'

const AT_ONCE = 6

/** Everything that a migration makes, as the database lists it. */
async function schemaOf(store: Store): Promise<unknown[]> {
  if (store.dialect === 'sqlite') return store.query('SELECT type, name, sql FROM sqlite_master ORDER BY type, name')
  const columns = await store.query(
    `SELECT table_name, column_name, data_type, is_nullable, column_default FROM information_schema.columns WHERE table_schema = 'public' ORDER BY 1, 2`,
  )
  return [...columns, ...(await store.query(`SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1`))]
}

async function inspect(url: string) {
  const store = await openTestStore(url)
  try {
    const applied = await store.query<{name: string}>('SELECT name FROM knex_migrations')
    return {schema: await schemaOf(store), applied: applied.map((row) => row.name), version: await schemaVersion(store)}
  } finally {
    await store.close()
  }
}

describeStores('bringing a store up to date', (newStore, kind) => {
  test('that was killed at any step is made good by the next one, which ends with the same schema', async () => {
    const expected = await inspect(await newStore())
    expect(expected.applied).toEqual(MIGRATION_NAMES)
    expect(expected.version).toBe(await latestVersion(MIGRATIONS))
    const die = async (step: number) => {
      const url = await newStore()
      const result = await runProcess('migrate-and-die', [url, String(step)])
      expect(result.signal ?? result.stderr).toBe(result.signal ? 'SIGKILL' : '')
      expect(await inspect(url)).toEqual(expected)
      return result.signal === 'SIGKILL'
    }
    // PostgreSQL takes longer to make a database than to fill it.
    const stride = kind === 'sqlite' ? 1 : 3
    let kills = 0
    for (let more = true; more; ) {
      const killed = await Promise.all(Array.from({length: AT_ONCE}, (_, index) => die((kills + index) * stride + 1)))
      kills += killed.filter(Boolean).length
      more = killed.every(Boolean)
    }
    // At least one for each table.
    expect(kills * stride).toBeGreaterThan(9)
  })

  test('happens once when many begin at the same moment', async () => {
    const url = await newStore()
    const stores = await Promise.all(Array.from({length: 8}, () => openTestStore(url)))
    await Promise.all(stores.map((store) => store.close()))
    expect((await inspect(url)).applied).toEqual(MIGRATION_NAMES)
  })

  test('is refused by a Helix that is older than the store', async () => {
    const url = await newStore()
    const store = await openTestStore(url)
    await makeNewer(store)
    await store.close()
    const error = {kind: 'config', code: 'SCHEMA_TOO_NEW', message: expect.stringContaining('schema 99')}
    await expect(openTestStore(url)).rejects.toMatchObject(error)
  })

  test('can be looked at without changing anything', async () => {
    const store = await connectStore(locateStore(await newStore(), '/nowhere'))
    expect(await schemaVersion(store)).toBe(0)
    expect(await listMigrationStates(store, MIGRATIONS)).toEqual(MIGRATION_NAMES.map((name) => ({name, applied: false})))
    await runMigrations(store, MIGRATIONS)
    expect(await listMigrationStates(store, MIGRATIONS)).toEqual(MIGRATION_NAMES.map((name) => ({name, applied: true})))
    await store.close()
  })
})

/** What a later Helix would leave. */
async function makeNewer(store: Store): Promise<void> {
  if (store.dialect === 'sqlite') await store.query('PRAGMA user_version = 99')
  else await store.query(`INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('0099_later', 2, now())`)
}
