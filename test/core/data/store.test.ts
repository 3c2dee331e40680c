import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {createServer} from 'node:net'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals'
import {networkFileSystem} from '../../../src/core/data/sqlite.js'
import {explainStoreError, locateStore} from '../../../src/core/data/store.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {createDatabase, postgresAvailable} from '../../fixtures/postgres.js'
import {openTestStore} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'
import {waitFor} from '../../fixtures/wait-for.js'

describe('where the store is', () => {
  test.each([
    [undefined, {dialect: 'sqlite', filename: '/data/helix.db', synchronous: 'normal'}],
    ['sqlite:///srv/h.db', {dialect: 'sqlite', filename: '/srv/h.db', synchronous: 'normal'}],
    ['file:/srv/h.db', {dialect: 'sqlite', filename: '/srv/h.db', synchronous: 'normal'}],
    ['postgres://a@b/c', {dialect: 'postgres', url: 'postgres://a@b/c'}],
    ['postgresql://a@b/c', {dialect: 'postgres', url: 'postgresql://a@b/c'}],
  ])('%s', (url, location) => {
    expect(locateStore(url, '/data')).toEqual(location)
  })

  test.each(['mysql://a', 'sqlite:relative.db', 'helix.db', ''.padEnd(3)])('%j is refused', (url) => {
    expect(() => locateStore(url, '/data')).toThrow(expect.objectContaining({kind: 'config', code: 'DATABASE_URL_INVALID'}))
  })
})

describe('a store that cannot be opened says why', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'helix-store-'))
  })
  afterEach(() => rmSync(folder, {recursive: true}))

  test('a file that is no database', async () => {
    writeFileSync(join(folder, 'helix.db'), 'not a database at all, '.repeat(100))
    await expect(openTestStore(`sqlite:${folder}/helix.db`)).rejects.toMatchObject({kind: 'config', code: 'STORE_CORRUPT'})
  })

  test('a folder where the file should be, and a file where the folder should be', async () => {
    await expect(openTestStore(`sqlite:${folder}`)).rejects.toMatchObject({kind: 'config', code: 'STORE_UNWRITABLE'})
    writeFileSync(join(folder, 'file'), '')
    await expect(openTestStore(`sqlite:${folder}/file/helix.db`)).rejects.toMatchObject({kind: 'config', code: 'DATA_FOLDER_UNWRITABLE'})
  })

  test('a server that is not there, at once', async () => {
    const server = createServer()
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const {port} = server.address() as {port: number}
    await new Promise((resolve) => server.close(resolve))
    await expect(openTestStore(`postgres://nobody@127.0.0.1:${port}/none`)).rejects.toMatchObject({kind: 'unavailable', code: 'STORE_UNREACHABLE'})
  })

  // No network file system can be mounted here, so this is about telling them apart.
  test.each([
    [0x6969, 'NFS'],
    [0xff534d42, 'CIFS'],
    // statfs(2) has it as a signed number on some systems.
    [0xff534d42 | 0, 'CIFS'],
    [0x01021997, '9P'],
    [0xef53, undefined],
    [0x01021994, undefined],
  ])('a file system of type %i: %s', (type, name) => {
    expect(networkFileSystem(type)).toBe(name)
  })
})

test.each([
  ['SQLITE_FULL', 'unavailable', 'STORE_FULL'],
  ['SQLITE_IOERR_SHMSIZE', 'unavailable', 'STORE_FULL'],
  ['ENOSPC', 'unavailable', 'STORE_FULL'],
  ['SQLITE_IOERR_READ', 'unavailable', 'STORE_IO'],
  ['SQLITE_READONLY', 'config', 'STORE_UNWRITABLE'],
  ['57P01', 'unavailable', 'STORE_UNREACHABLE'],
  ['28P01', 'config', 'STORE_REFUSED'],
])('the error %s of a driver is %s', (code, kind, ours) => {
  expect(explainStoreError(Object.assign(new Error('x'), {code}))).toMatchObject({kind, code: ours})
})

describeStores('a transaction', (newStore) => {
  test('that another holds up waits for it, without holding up the process', async () => {
    const url = await newStore()
    const [holder, store] = [await openTestStore(url), await openTestStore(url)]
    const count = `INSERT INTO configurations (scope, key, value) VALUES ('test', 'a', '1') ON CONFLICT (scope, key) DO UPDATE SET value = '2'`
    await store.query(count)
    let release: (() => void) | undefined
    const held = holder.write(async (trx) => {
      await trx.raw(count)
      await new Promise<void>((resolve) => {
        release = resolve
      })
    })
    await waitFor('the lock to be held', () => release)
    let done = false
    const waiting = store.query(count).then(() => {
      done = true
    })
    let turns = 0
    await waitFor('the process to have gone on', () => ++turns > 10)
    expect(done).toBe(false)
    release?.()
    await Promise.all([held, waiting])
    await Promise.all([holder.close(), store.close()])
  })

  test('that fails leaves nothing', async () => {
    const store = await openTestStore(await newStore())
    const failing = store.write(async (trx) => {
      await trx.raw(`INSERT INTO configurations (scope, key, value) VALUES ('test', 'a', '1')`)
      throw new Error('no')
    })
    await expect(failing).rejects.toThrow('no')
    expect(await store.query(`SELECT key FROM configurations WHERE scope = 'test'`)).toEqual([])
    await store.close()
  })

  test('has one identity of the store, whoever asks first', async () => {
    const url = await newStore()
    const stores = await Promise.all([openTestStore(url), openTestStore(url), openTestStore(url)])
    const ids = await Promise.all(stores.map((store) => store.id()))
    expect(new Set(ids).size).toBe(1)
    expect(ids[0]).toMatch(/^[0-9a-f-]{36}$/)
    await Promise.all(stores.map((store) => store.close()))
  })
})

describeUnless(postgresAvailable(), 'options of the user for PostgreSQL', () => {
  afterEach(() => {
    delete process.env.PGOPTIONS
  })

  test.each([
    ['', undefined, {jit: 'off', search_path: '"$user", public'}],
    ['?options=-c%20search_path%3Dpublic', undefined, {jit: 'off', search_path: 'public'}],
    ['?application_name=a%20b&options=-c+jit%3Don', undefined, {jit: 'on', application_name: 'a b'}],
    ['', '-c search_path=public -c work_mem=3MB', {jit: 'off', search_path: 'public', work_mem: '3MB'}],
    ['', '-c jit=on', {jit: 'on'}],
    ['?options=-c%20search_path%3Dpublic', '-c search_path=pg_catalog -c jit=on', {jit: 'off', search_path: 'public'}],
  ])('URL %j, PGOPTIONS %j: kept, and without compiling statements unless they say so', async (query, variable, settings) => {
    if (variable !== undefined) process.env.PGOPTIONS = variable
    const database = await createDatabase()
    const store = await openTestStore(`${database.url}${query}`)
    try {
      for (const [name, value] of Object.entries(settings)) expect(await store.query(`SHOW ${name}`)).toEqual([{[name]: value}])
    } finally {
      await store.close()
      await database.drop()
    }
  })
})
