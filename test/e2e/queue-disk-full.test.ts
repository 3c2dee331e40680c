import {execFileSync} from 'node:child_process'
import {mkdirSync, rmSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {openTestStore} from '../fixtures/queue.js'
import {mountingRefused} from '../fixtures/small-disk.js'

const SIZE = '1m'

describeUnless(mountingRefused(), 'a full disk', () => {
  let home: HelixHome

  beforeEach(() => {
    home = makeHelixHome()
    mkdirSync(home.dataDir)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${SIZE}`, 'tmpfs', home.dataDir])
  })
  afterEach(() => {
    execFileSync('umount', ['-l', home.dataDir])
    rmSync(home.root, {recursive: true, force: true})
  })

  function fill(): void {
    // The larger pieces first, then what is left.
    for (const bytes of [65_536, 4096, 512]) {
      for (let piece = 0; ; piece++) {
        try {
          writeFileSync(join(home.dataDir, `filler-${bytes}-${piece}`), Buffer.alloc(bytes))
        } catch {
          break
        }
      }
    }
  }

  function makeRoom(): void {
    execFileSync('sh', ['-c', 'rm -f "$1"/filler-*', 'rm', home.dataDir])
  }

  async function integrity(): Promise<unknown> {
    const {default: Database} = await import('better-sqlite3')
    const db = new Database(join(home.dataDir, 'helix.db'))
    try {
      return [db.pragma('integrity_check', {simple: true}), db.prepare('SELECT count(*) FROM tasks').pluck().get()]
    } finally {
      db.close()
    }
  }

  const refusals: [string, string[], string | undefined][] = [
    ['a small task', ['task', 'run', '--', 'true'], undefined],
    ['a task with an input', ['task', 'run', '--', 'cat'], 'x'.repeat(200_000)],
    ['many tasks', ['task', 'map', '--detach', '--', 'echo'], 'item\n'.repeat(20_000)],
  ]

  test.each(refusals)('refuses %s in one line, the store stays sound, and it works again when there is room', async (_, command, input) => {
    expect((await home.run(['task', 'run', '--', 'true'])).code).toBe(0)
    fill()
    const {code, stdout, stderr} = await home.run(command, input === undefined ? {} : {input})
    expect({code, stdout}).toEqual({code: 69, stdout: ''})
    expect(stderr).toMatch(/^Error: the disk [^\n]*is full[^\n]*\n[^\n]+\n$/)
    const json = await home.run([...command.slice(0, 2), '--json', ...command.slice(2)], input === undefined ? {} : {input})
    expect(JSON.parse(json.stdout)).toMatchObject({error: {code: 'STORE_FULL', exit_code: 69}})
    makeRoom()
    expect(await integrity()).toEqual(['ok', 1])
    expect(await home.run(['task', 'run', '--', 'echo', 'again'])).toMatchObject({code: 0, stdout: 'again\n'})
    expect(await integrity()).toEqual(['ok', 2])
  })

  test('refuses tasks too while others have the store open, so that only the tasks themselves want room', async () => {
    const other = await openTestStore(`sqlite:${join(home.dataDir, 'helix.db')}`)
    await other.query('SELECT 1')
    fill()
    const large = `${'x'.repeat(10_000)}\n`.repeat(50)
    const {code, stdout} = await home.run(['task', 'map', '--detach', '--json', '--worker', 'local', '--', 'echo'], {input: large})
    expect(code).toBe(69)
    expect(JSON.parse(stdout)).toMatchObject({error: {code: 'STORE_FULL'}})
    expect(await other.query('PRAGMA integrity_check')).toEqual([{integrity_check: 'ok'}])
    expect(await other.query('SELECT id FROM tasks')).toEqual([])
    makeRoom()
    expect((await home.run(['task', 'run', '--', 'true'])).code).toBe(0)
    await other.close()
  })

  test('at the first start refuses too, and the next start with room works', async () => {
    fill()
    const {code, stderr} = await home.run(['task', 'run', '--', 'true'])
    expect(code).toBe(69)
    expect(stderr).toMatch(/^Error: the disk [^\n]*is full[^\n]*\n[^\n]+\n$/)
    makeRoom()
    expect((await home.run(['task', 'run', '--', 'true'])).code).toBe(0)
    expect(await integrity()).toEqual(['ok', 1])
  })
})
