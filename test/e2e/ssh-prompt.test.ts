import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {generateKey, sshdAvailable} from '../fixtures/sshd.js'
import {noTmux, terminals} from '../fixtures/terminal.js'
import {startPool, type WorkerPool} from '../fixtures/worker-pool.js'

describeUnless(sshdAvailable() ?? noTmux(), 'workers whose keys need a passphrase', () => {
  const open = terminals()
  let pool: WorkerPool

  beforeEach(async () => {
    pool = await startPool({size: 2})
    for (const [index, server] of pool.servers.entries()) {
      const key = join(pool.home.root, `key${index + 1}`)
      generateKey(key, 'ed25519', `secret${index + 1}`)
      server.authorize(readFileSync(`${key}.pub`, 'utf8'))
      await pool.home.run(['worker', 'set', `w${index + 1}`, '--key', key])
    }
  })
  afterEach(() => pool.close())

  const statuses = async () => {
    const {workers} = JSON.parse((await pool.home.run(['worker', 'list', '--json'])).stdout)
    return workers.map(({name, status}: Record<string, string>) => `${name} ${status}`).slice(0, 2)
  }

  test('ask one after the other', async () => {
    writeFileSync(join(pool.home.root, 'two.yaml'), 'tasks:\n  a: {run: "true", worker: w1}\n  b: {run: "true", worker: w2}\n')
    const terminal = open(pool.home, ['task', 'apply', 'two.yaml'], {columns: 200})
    for (const asked of [/Passphrase of/, /Passphrase of[\s\S]*Passphrase of/]) {
      const keys = (await terminal.shows(asked)).join('\n').matchAll(/key([12]):/g)
      terminal.press(`secret${[...keys].at(-1)?.[1]}`, 'Enter')
    }
    await terminal.shows('left with 0')
    expect(await statuses()).toEqual(['w1 active', 'w2 active'])
  })

  test('end the command at Ctrl-C, and stay as they were', async () => {
    const terminal = open(pool.home, ['worker', 'exec', 'w1', '--', 'true'], {columns: 200})
    await terminal.shows('Passphrase of')
    terminal.press('C-c')
    await terminal.shows('left with 130')
    expect(terminal.isRestored()).toBe(true)
    expect(await statuses()).toEqual(['w1 active', 'w2 active'])
  })

  test('are told so at Ctrl-D, which gives none', async () => {
    const terminal = open(pool.home, ['worker', 'exec', 'w1', '--', 'true'], {columns: 200})
    await terminal.shows('Passphrase of')
    terminal.press('C-d')
    await terminal.shows(/needs a passphrase[\s\S]*left with 77/)
  })
})
