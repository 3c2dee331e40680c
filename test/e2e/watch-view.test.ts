import {randomUUID} from 'node:crypto'
import {join} from 'node:path'
import {expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {fillLargePool} from '../fixtures/large-pool.js'
import {isRunning} from '../fixtures/process-alive.js'
import {newTask, newTasks} from '../fixtures/queue.js'
import {queueUsers} from '../fixtures/queue-user.js'
import {runFolder} from '../fixtures/run-folder.js'
import {noTmux, terminals} from '../fixtures/terminal.js'
import {waitFor} from '../fixtures/wait-for.js'

const ESCAPE = '\u001b'
// Begins a synchronised update: Ink writes it before each frame.
const FRAME = `${ESCAPE}[?2026h`
const CLEAR = new RegExp(`${ESCAPE}\\[[0-3]?J`)
const COLOR = new RegExp(`${ESCAPE}\\[(3[0-7]|9[0-7]|38;[0-9;]+)m`)
const FIRST_ROW = 3

describeUnless(noTmux(), 'a view in a terminal', () => {
  const openUser = queueUsers(async () => `sqlite:${join(runFolder(), `${randomUUID()}.db`)}`)
  const openTerminal = terminals()

  async function largePool() {
    const user = await openUser()
    await fillLargePool(user.queue.store)
    return user
  }

  test('shows the totals of 1,000 workers and as many of them as fit, and moves through them by keys', async () => {
    const {home} = await largePool()
    const terminal = openTerminal(home, ['worker', 'watch'])
    const screen = await terminal.shows('1-20 of 1,001')
    expect(screen).toHaveLength(24)
    expect(screen[0]).toBe('1,001 workers  981 active  20 inactive  0 maintenance  0 failed')
    expect(screen[1]).toContain('56,400 tasks pending')
    expect(screen[FIRST_ROW]).toMatch(/^w-0001 {7}active {6}3\/4 {7}1% {4}1G\/64G {4}- +\S+s$/)
    terminal.press('PageDown')
    await terminal.shows('21-40 of 1,001')
    terminal.press('Down')
    await terminal.shows('22-41 of 1,001')
    terminal.press('End')
    expect((await terminal.shows('982-1,001 of 1,001'))[FIRST_ROW + 19]).toMatch(/^local /)
    terminal.press('Home')
    await terminal.shows('1-20 of 1,001')
    terminal.press('s')
    expect((await terminal.shows('by trouble'))[FIRST_ROW]).toMatch(/^w-0050 +inactive .*no answer for 20 s$/)
    terminal.press('/', 'w-07', 'Enter')
    await terminal.shows('of 100')
  })

  test('moves through 100,000 tasks, list by list', async () => {
    const {home} = await largePool()
    const terminal = openTerminal(home, ['task', 'watch'])
    const screen = await terminal.shows('1-20 of 3,800')
    expect(screen[0]).toBe('3,600 running  56,400 pending  39,000 completed  1,000 failed  0 cancelled')
    expect(screen[1]).toContain('no coordinator: helix scheduler start')
    expect(screen[FIRST_ROW]).toMatch(/^[0-9a-f]{8} running {3}w-0002 +\S+ +make test SHARD=40001$/)
    terminal.press('s')
    await terminal.shows('1-20 of 3,600')
    terminal.press('s')
    await terminal.shows('1-20 of 56,400')
    terminal.press('End')
    expect((await terminal.shows('56,381-56,400 of 56,400'))[FIRST_ROW + 19]).toMatch(/pending .*SHARD=100000$/)
    terminal.press('Home', '/', 'SHARD=99999', 'Enter')
    expect((await terminal.shows('1-1 of 1'))[FIRST_ROW]).toMatch(/SHARD=99999$/)
  })

  test('is written at most ten times a second, and never as a whole, however fast keys are pressed', async () => {
    const {home} = await largePool()
    const terminal = openTerminal(home, ['worker', 'watch'])
    await terminal.shows('1-20 of 1,001')
    const before = terminal.output().length
    const from = performance.now()
    const written = () => terminal.output().slice(before)
    const frames = () => written().split(FRAME).length - 1
    let round = 0
    await waitFor('forty frames', () => {
      terminal.press(...(round++ % 2 ? ['End', 'Up', 'Up', 'Up'] : ['Home', 'Down', 'Down', 'PageDown']))
      return frames() >= 40
    })
    expect(frames()).toBeLessThanOrEqual(((performance.now() - from) / 1000) * 10 + 2)
    expect(written()).not.toMatch(CLEAR)
  })

  test('writes no more than what has changed', async () => {
    const {home, queue} = await largePool()
    const terminal = openTerminal(home, ['task', 'watch', '--status', 'pending'])
    await terminal.shows('1-20 of 56,400')
    const before = terminal.output().length
    await queue.submit([newTask()])
    await terminal.shows('56,401 pending')
    expect(terminal.output().length - before).toBeLessThan(1000)
  })

  test('follows the size of the terminal', async () => {
    const {home} = await largePool()
    const terminal = openTerminal(home, ['worker', 'watch'])
    await terminal.shows('1-20 of 1,001')
    terminal.resize(120, 40)
    expect((await terminal.shows('1-36 of 1,001'))[FIRST_ROW]).toMatch(/^w-0001 +active +█{6}░{2} 3\/4/)
    terminal.resize(60, 12)
    const screen = await terminal.shows('1-8 of 1,001')
    expect(screen).toHaveLength(12)
    expect(screen[FIRST_ROW + 7]).toMatch(/^w-0008 /)
    expect(screen.at(-1)).toContain('q quit')
  })

  test.each([
    ['q', (terminal: Watched) => terminal.press('q'), 0],
    ['Ctrl-C', (terminal: Watched) => terminal.press('C-c'), 130],
    ['SIGTERM', (terminal: Watched) => process.kill(terminal.helixPid, 'SIGTERM'), 143],
  ])('gives the terminal back as it was after %s', async (_, leave, code) => {
    const {home} = await openUser()
    const terminal = openTerminal(home, ['task', 'watch'])
    await terminal.shows('q quit')
    expect([terminal.format('alternate_on'), terminal.format('cursor_flag')]).toEqual(['1', '0'])
    leave(terminal)
    const screen = await terminal.shows(`left with ${code}`)
    expect(screen[0]).toBe(`left with ${code}`)
    expect(terminal.isRestored()).toBe(true)
  })

  test('ends when the terminal is gone', async () => {
    const {home} = await openUser()
    const terminal = openTerminal(home, ['worker', 'watch'])
    await terminal.shows('q quit')
    const pid = terminal.helixPid
    terminal.close()
    await waitFor('Helix to end', () => !isRunning(pid))
  })

  test('ends by itself when the named tasks have ended, as task wait does', async () => {
    const {home, queue} = await openUser()
    await queue.addWorker('w1')
    const ids = await queue.submit(newTasks(3))
    const terminal = openTerminal(home, ['task', 'watch', ...ids])
    await terminal.shows('1-3 of 3')
    await queue.store.query(`UPDATE tasks SET status = 'completed', completed_at = ${queue.store.sql.now}`)
    await queue.store.query(`UPDATE tasks SET status = 'failed', failure_kind = 'exit', exit_code = 3 WHERE id = ?`, [ids[0]!])
    const screen = await terminal.shows('left with 1')
    expect(screen.slice(0, 2)).toEqual(['2 completed, 1 failed', 'left with 1'])
    expect(terminal.isRestored()).toBe(true)
  })

  test('shows control sequences and wide characters instead of obeying them', async () => {
    const {home, queue} = await openUser()
    await queue.submit([newTask({name: '\u001b[2J\u202egone'}), newTask({name: '作业'.repeat(40)}), newTask({name: 'below'})])
    const terminal = openTerminal(home, ['task', 'watch', '--status', 'pending'])
    const screen = await terminal.shows('1-3 of 3')
    expect(screen[FIRST_ROW]).toContain('\\u001b[2J\\u202egone')
    expect(screen[FIRST_ROW + 1]).toMatch(/(作业)+作?…$/)
    expect(screen[FIRST_ROW + 2]).toMatch(/below$/)
  })

  test('has colors, unless NO_COLOR is set', async () => {
    const {home, queue} = await openUser()
    await queue.submit(newTasks(1))
    const outputOf = async (env: NodeJS.ProcessEnv) => {
      const terminal = openTerminal(home, ['task', 'watch', '--status', 'pending'], {env})
      await terminal.shows('1-1 of 1')
      const output = terminal.output()
      terminal.close()
      return output
    }
    expect(await outputOf({})).toMatch(COLOR)
    expect(await outputOf({NO_COLOR: '1'})).not.toMatch(COLOR)
  })
})

type Watched = ReturnType<ReturnType<typeof terminals>>
