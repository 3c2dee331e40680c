import {randomBytes} from 'node:crypto'
import {mkdtempSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, beforeEach, expect, test} from '@jest/globals'
import pg from 'pg'
import {describeUnless} from '../fixtures/describe-unless.js'
import {postgresServerMissing, unprivilegedUser} from '../fixtures/postgres-programs.js'
import {PostgresServer} from '../fixtures/postgres-server.js'
import {queueUsers} from '../fixtures/queue-user.js'
import {runFolder} from '../fixtures/run-folder.js'
import {mountingRefused, mountSmallDisk} from '../fixtures/small-disk.js'

// Small rows find room in pages that are there, and what can be compressed is.
const LARGE = randomBytes(60_000).toString('base64')

describeUnless(mountingRefused() ?? postgresServerMissing(), 'a full disk under a PostgreSQL database', () => {
  let server: PostgresServer
  let disk: ReturnType<typeof mountSmallDisk>
  const openUser = queueUsers(async () => server.url('small'))

  beforeAll(async () => {
    server = await PostgresServer.create()
  })
  afterAll(() => server.remove())

  beforeEach(async () => {
    const folder = mkdtempSync(join(runFolder(), 'small-disk-'))
    disk = mountSmallDisk(folder, '32m', String(unprivilegedUser()?.uid ?? 0))
    await ask(`CREATE TABLESPACE small LOCATION '${folder}'`)
    await ask('CREATE DATABASE small TABLESPACE small')
  })
  afterEach(async () => {
    await ask('DROP DATABASE small WITH (FORCE)')
    await ask('DROP TABLESPACE small')
    disk.unmount()
  })

  async function ask(sql: string): Promise<void> {
    const client = new pg.Client({connectionString: server.url()})
    await client.connect()
    await client.query(sql).finally(() => client.end())
  }

  test('refuses tasks in one line, keeps those it has, and takes more when there is room', async () => {
    const user = await openUser()
    const kept = await user.run(['task', 'map', '--', 'echo'], {input: '1\n2\n3\n'})
    expect(kept.code).toBe(0)
    const ids = await user.ids()
    disk.fill(0)
    const submit = ['task', 'run', '--detach', '--', 'true', LARGE]
    const {code, stdout, stderr} = await user.run(submit)
    expect({code, stdout}).toEqual({code: 69, stdout: ''})
    expect(stderr).toMatch(/^Error: the disk of the store is full[^\n]*\n[^\n]+\n$/)
    expect(JSON.parse((await user.run([...submit.slice(0, 2), '--json', ...submit.slice(2)])).stdout)).toMatchObject({
      error: {code: 'STORE_FULL', exit_code: 69},
    })
    expect(await user.ids()).toEqual(ids)
    disk.makeRoom()
    expect(JSON.parse((await user.run(['task', 'run', '--json', '--', 'true', LARGE])).stdout)).toMatchObject({status: 'completed'})
    expect(await user.ids()).toHaveLength(ids.length + 1)
    expect(await user.problems()).toEqual([])
  })
})
