import {mkdtempSync, readdirSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterEach, beforeEach, expect, test} from '@jest/globals'
import type {RequestContext} from '../../../src/core/requests/request-context.js'
import {fireDueSchedules, fireNow} from '../../../src/core/schedules/fire-schedules.js'
import {type AddScheduleOptions, addSchedule, pauseSchedule, removeSchedule, resumeSchedule} from '../../../src/core/schedules/manage-schedules.js'
import {findSchedule, listSchedules} from '../../../src/core/schedules/schedule-store.js'
import {Spool} from '../../../src/core/tasks/spool.js'
import {listTasks, type TaskWithAttempt} from '../../../src/core/tasks/task-queries.js'
import {queues} from '../../fixtures/open-queues.js'
import {HOST, type TestQueue} from '../../fixtures/queue.js'
import {describeStores} from '../../fixtures/stores.js'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-schedules-'))
})
afterEach(() => rmSync(folder, {recursive: true}))

const warnings: string[] = []
beforeEach(() => {
  warnings.length = 0
})

/** One machine's way to the schedules of a queue. */
function machine(queue: TestQueue, hostId = HOST, dataDir = folder): RequestContext {
  const logger = {debug: () => {}, info: () => {}, warn: (message: string) => warnings.push(message)}
  return {store: queue.store, hostId, spool: new Spool(dataDir), logger, workersEnabled: true} as unknown as RequestContext
}

const HOURLY: AddScheduleOptions = {
  name: 'hourly',
  cron: '0 * * * *',
  timezone: 'UTC',
  overlap: 'skip',
  command: ['make', 'x y'],
  task: {requirements: {}, policy: {retries: 2}, priority: 5},
  environment: {},
  caller: {},
  callerFolder: '/',
}

/** Puts a schedule's time into the past. */
async function makeDue(queue: TestQueue, secondsAgo = 1): Promise<void> {
  await queue.store.query('UPDATE schedules SET next_at = ?', [new Date(Date.now() - secondsAgo * 1000).toISOString()])
}

const tasksOf = async (queue: TestQueue): Promise<TaskWithAttempt[]> => (await listTasks(queue.store, {limit: 100})).reverse()

/** Ends the oldest pending task, as its worker would. */
async function endLast(queue: TestQueue): Promise<void> {
  await queue.store.query(`UPDATE tasks SET status = 'completed' WHERE status = 'pending'`)
}

describeStores('schedules', (newStore) => {
  const openQueue = queues(newStore)

  test('queue what they were given, in their project, when their time comes and not before', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const here = machine(queue)
    const added = await addSchedule({...here, project: 'site'}, HOURLY)
    expect(await fireDueSchedules(here)).toBe(0)
    await makeDue(queue)
    expect(await fireDueSchedules(here)).toBe(1)
    expect(await fireDueSchedules(here)).toBe(0)
    const [task] = await tasksOf(queue)
    expect(task).toMatchObject({name: 'hourly', project: 'site', status: 'pending', priority: 5, submitter_id: null, requirements: {}})
    expect(task).toMatchObject({input: {command: ['make', 'x y']}, retry_policy: {retries: 2}})
    const schedule = await findSchedule(queue.store, 'hourly')
    expect(schedule).toMatchObject({last_task_id: task?.id, last_status: 'pending', host_id: '', next_at: added.next_at})
  })

  test('have one task for each time, however many coordinators look', async () => {
    const url = await newStore()
    const queue = await openQueue(url)
    await queue.addWorker('w1')
    const machines = [machine(queue)]
    for (let index = 1; index < 6; index++) machines.push(machine(await openQueue.beside(url)))
    await addSchedule(machine(queue), {...HOURLY, overlap: 'allow', environment: {A: '1'}})
    for (let round = 1; round <= 3; round++) {
      await makeDue(queue)
      const fired = await Promise.all(machines.map((one) => fireDueSchedules(one)))
      expect(fired.toSorted()).toEqual([0, 0, 0, 0, 0, 1])
      expect(await tasksOf(queue)).toHaveLength(round)
    }
    // Nothing is left of those that came too late: the schedule's own variables, and those of three tasks.
    expect(readdirSync(join(folder, 'spool'))).toHaveLength(4)
  })

  test('make up once for all the times at which nobody looked', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    await addSchedule(machine(queue), {...HOURLY, cron: '* * * * *'})
    await makeDue(queue, 7200)
    expect(await fireDueSchedules(machine(queue))).toBe(1)
    expect(await fireDueSchedules(machine(queue))).toBe(0)
    const {next_at, now} = await findSchedule(queue.store, 'hourly')
    expect(Date.parse(next_at ?? '') > Date.parse(now)).toBe(true)
  })

  test('leave a time out while their last task has not ended, unless they may overlap', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const here = machine(queue)
    await addSchedule(here, HOURLY)
    const due = async () => {
      await makeDue(queue)
      return fireDueSchedules(here)
    }
    expect([await due(), await due()]).toEqual([1, 0])
    await endLast(queue)
    expect(await due()).toBe(1)
    await queue.store.query('UPDATE schedules SET task = ?', [JSON.stringify({...(await findSchedule(queue.store, 'hourly')).task, overlap: 'allow'})])
    expect([await due(), await due()]).toEqual([1, 1])
  })

  test('can be fired by hand, which counts for what may overlap', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const here = machine(queue)
    const schedule = await addSchedule(here, HOURLY)
    const id = await fireNow(here, schedule)
    expect((await findSchedule(queue.store, 'hourly')).next_at).toBe(schedule.next_at)
    await expect(fireNow(here, schedule)).rejects.toMatchObject({kind: 'busy', message: `its last task ${id} has not ended`})
    await makeDue(queue)
    expect(await fireDueSchedules(here)).toBe(0)
    await endLast(queue)
    expect(await fireNow(here, schedule)).not.toBe(id)
  })

  test('rest when they are paused and go on at their next time, without what they missed', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const here = machine(queue)
    await addSchedule(here, HOURLY)
    await makeDue(queue)
    expect(await pauseSchedule(here, 'hourly')).toMatchObject({enabled: false})
    expect(await fireDueSchedules(here)).toBe(0)
    const resumed = await resumeSchedule(here, 'hourly')
    expect(resumed.enabled && (resumed.next_at ?? '') > resumed.now).toBe(true)
    expect(await fireDueSchedules(here)).toBe(0)
  })

  test('with variables are bound to the machine that has them; nothing of them is in the store', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    const here = machine(queue)
    const schedule = await addSchedule(here, {...HOURLY, environment: {TOKEN: 's3cret'}})
    await makeDue(queue)
    expect(await fireDueSchedules(machine(queue, 'another-host'))).toBe(0)
    await expect(fireNow(machine(queue, 'another-host'), schedule)).rejects.toMatchObject({code: 'SCHEDULE_ELSEWHERE'})
    expect(await fireDueSchedules(here)).toBe(1)
    const [task] = await tasksOf(queue)
    expect(task?.requirements).toEqual({host_id: HOST})
    expect(await here.spool.read(task?.request_id ?? '')).toMatchObject({environment: {TOKEN: 's3cret'}})
    expect(JSON.stringify([await queue.store.query('SELECT * FROM schedules'), task])).not.toContain('s3cret')
    // Those of its tasks outlive it, its own do not.
    await removeSchedule(here, 'hourly')
    expect(await here.spool.read(schedule.id)).toEqual({environment: {}})
    expect(await here.spool.read(task?.request_id ?? '')).toMatchObject({environment: {TOKEN: 's3cret'}})
  })

  test('that have lost their variables are paused instead of running without them', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    await addSchedule(machine(queue), {...HOURLY, environment: {TOKEN: 's3cret'}})
    rmSync(join(folder, 'spool'), {recursive: true})
    await makeDue(queue)
    expect(await fireDueSchedules(machine(queue))).toBe(0)
    expect(await tasksOf(queue)).toEqual([])
    expect(await findSchedule(queue.store, 'hourly')).toMatchObject({enabled: false})
    expect(warnings).toEqual([expect.stringContaining('hourly is paused')])
  })

  test('go on although one of them cannot be queued', async () => {
    const queue = await openQueue()
    await queue.addWorker('w1')
    await addSchedule(machine(queue), HOURLY)
    const {id} = await addSchedule(machine(queue), {...HOURLY, name: 'broken', environment: {A: '1'}})
    writeFileSync(join(folder, 'spool', id, 'request.json'), 'not JSON')
    await makeDue(queue, 60)
    await queue.store.query(`UPDATE schedules SET next_at = ? WHERE name = 'hourly'`, [new Date(Date.now() - 1000).toISOString()])
    await expect(fireDueSchedules(machine(queue))).rejects.toThrow('JSON')
    expect((await tasksOf(queue)).map((task) => task.name)).toEqual(['hourly'])
  })

  test('have names of their own, and what is refused leaves nothing behind', async () => {
    const queue = await openQueue()
    const here = machine(queue)
    await addSchedule(here, HOURLY)
    const refused = (options: Partial<AddScheduleOptions>) => addSchedule(here, {...HOURLY, environment: {A: '1'}, ...options})
    await expect(refused({})).rejects.toMatchObject({kind: 'usage', code: 'SCHEDULE_EXISTS'})
    await expect(refused({name: 'a b'})).rejects.toMatchObject({kind: 'usage', code: 'NAME_INVALID'})
    await expect(refused({name: 'b', cron: '0 0 31 2 *'})).rejects.toMatchObject({kind: 'usage', code: 'CRON_NEVER'})
    await expect(refused({name: 'b', command: []})).rejects.toMatchObject({kind: 'usage', code: 'COMMAND_MISSING'})
    await expect(findSchedule(queue.store, 'b')).rejects.toMatchObject({kind: 'usage', code: 'SCHEDULE_NOT_FOUND'})
    expect((await listSchedules(queue.store)).map((schedule) => schedule.name)).toEqual(['hourly'])
    // That of the first one: without a worker it runs here, with the environment of its caller.
    expect(readdirSync(join(folder, 'spool'))).toHaveLength(1)
  })
})
