import {rmSync} from 'node:fs'
import {setTimeout as delay} from 'node:timers/promises'
import {afterEach, expect, test} from '@jest/globals'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {MIGRATION_NAMES, openTestStore} from '../fixtures/queue.js'
import {describeStores} from '../fixtures/stores.js'

describeStores('the first start', (newStore, kind) => {
  let home: HelixHome
  afterEach(() => rmSync(home.root, {recursive: true, force: true, maxRetries: 5}))

  test('of eight commands at once ends well for all, with one schema and one default project', async () => {
    const url = await newStore()
    home = makeHelixHome({HELIX_DATABASE_URL: url})
    const results = await Promise.all(Array.from({length: 8}, (_, index) => home.run(['task', 'run', '--', 'echo', String(index)])))
    for (const [index, result] of results.entries()) expect(result).toMatchObject({code: 0, stdout: `${index}\n`, stderr: ''})
    const store = await openTestStore(url)
    expect(await store.query('SELECT name FROM knex_migrations ORDER BY id')).toEqual(MIGRATION_NAMES.map((name) => ({name})))
    expect(await store.query('SELECT name FROM projects')).toEqual([{name: 'default'}])
    expect(await store.query('SELECT name FROM workers')).toEqual([{name: 'local'}])
    expect(await store.query('SELECT id FROM tasks')).toHaveLength(8)
    await store.close()
  })

  test('that is killed at any moment does not spoil the next', async () => {
    const url = await newStore()
    home = makeHelixHome({HELIX_DATABASE_URL: url})
    for (let kill = 0; kill < 8; kill++) {
      const child = home.spawn(['db', 'migrate'])
      const closed = new Promise((resolve) => child.once('close', resolve))
      await delay(60 + kill * 25)
      child.kill('SIGKILL')
      await closed
    }
    const status = await home.run(['db', 'status', '--json'])
    expect(status.code).toBe(0)
    expect(await home.run(['task', 'run', '--', 'echo', 'works'])).toMatchObject({code: 0, stdout: 'works\n', stderr: ''})
  })

  test('of an older Helix on a newer store is refused in one line, and changes nothing', async () => {
    const url = await newStore()
    home = makeHelixHome({HELIX_DATABASE_URL: url})
    const store = await openTestStore(url)
    if (kind === 'sqlite') await store.query('PRAGMA user_version = 99')
    else await store.query(`INSERT INTO knex_migrations (name, batch, migration_time) VALUES ('0099_later', 2, now())`)
    const {code, stdout, stderr} = await home.run(['task', 'run', '--', 'true'])
    expect({code, stdout}).toEqual({code: 78, stdout: ''})
    expect(stderr).toMatch(/^Error: the store has schema 99, made by a newer Helix; this one knows \d+\n[^\n]+\n$/)
    expect(await store.query('SELECT id FROM tasks')).toEqual([])
    await store.close()
  })
})
