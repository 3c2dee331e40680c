import {readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {expect, test} from '@jest/globals'
import {AGENT_WORKERS, SSH_AGENTS, startAgentPool, startAgentServer} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish, makeHelixHome} from '../fixtures/helix.js'
import {isRunning} from '../fixtures/process-alive.js'
import {generateKey, sshdAvailable} from '../fixtures/sshd.js'
import {waitFor} from '../fixtures/wait-for.js'
import {addServers, poolOf, RunLog, startPool} from '../fixtures/worker-pool.js'

describeUnless(sshdAvailable(), 'a worker whose sshd allows few sessions', () => {
  test.each(
    SSH_AGENTS.filter(({missing}) => !missing).flatMap((agent) =>
      [
        {maxSessions: 10, tasks: 15},
        {maxSessions: 3, tasks: 15},
        {maxSessions: 2, tasks: 6},
        {maxSessions: 1, tasks: 4},
      ].map((limits) => ({...limits, agent, name: agent.name})),
    ),
  )('($maxSessions a connection) runs $tasks tasks at once, each of which waits for all the others, with $name', async ({maxSessions, tasks, agent}) => {
    const home = makeHelixHome({HELIX_WORKERS__MAX_CONCURRENT_TASKS: '20'})
    const server = await startAgentServer(agent, {config: [`MaxSessions ${maxSessions}`]})
    await addServers(home, [server], tasks)
    const log = new RunLog()
    // Ends only when as many as there are have started.
    const script = `echo {} >> ${log.path}; until [ "$(wc -l < ${log.path})" -ge ${tasks} ]; do sleep 0.2; done; echo {}`
    const input = Array.from({length: tasks}, (_, index) => `${index + 1}\n`).join('')
    const mapped = await home.run(['task', 'map', '--keep-order', '--', 'sh', '-c', script], {input})
    expect(mapped).toEqual({code: 0, signal: null, stdout: input, stderr: ''})
    expect(log.lines.length).toBe(tasks)
    log.remove()
    await poolOf(home, [server]).close()
  })

  test.each(AGENT_WORKERS)('(1 a connection) can end a task, and copy files of others beside one that runs, its agent being %s', async (kind) => {
    const pool = await startAgentPool({sshd: {config: ['MaxSessions 1']}})
    const log = new RunLog()
    const waiting = finish(
      pool.home.spawn(['task', 'run', '--worker', kind, '--', 'sh', '-c', `echo ran >> ${log.path}; until [ -e ${log.goPath} ]; do sleep 0.1; done`]),
    )
    await waitFor('the task to run', () => log.lines.length === 1)
    writeFileSync(join(pool.home.root, 'in'), 'content')
    const copied = await pool.home.run(['task', 'run', '--worker', kind, '--upload', 'in', '--download', 'out', '--', 'cp', 'in', 'out'])
    expect(copied).toMatchObject({code: 0})
    expect(readFileSync(join(pool.home.root, 'out'), 'utf8')).toBe('content')
    const cancelled = pool.home.spawn(['task', 'run', '--worker', kind, '--', 'sh', '-c', `echo $$ >> ${log.path}; sleep 600`])
    const ended = finish(cancelled)
    await waitFor('the other to run', () => log.lines.length === 2)
    cancelled.kill('SIGINT')
    expect(await ended).toMatchObject({code: 130})
    expect(isRunning(Number(log.lines[1]))).toBe(false)
    log.letGo()
    expect(await waiting).toMatchObject({code: 0})
    log.remove()
    await pool.close()
  })

  test('and whose sshd lets few connections in at once is used by six commands at the same time', async () => {
    const pool = await startPool({slots: 12, sshd: {config: ['MaxSessions 2', 'MaxStartups 3:30:10']}})
    const runs = await Promise.all(Array.from({length: 6}, (_, index) => pool.home.run(['task', 'run', '--', 'echo', String(index)])))
    expect(runs.map(({code, stdout}) => [code, stdout])).toEqual(runs.map((_, index) => [0, `${index}\n`]))
    await pool.close()
  })

  test('does not let a wrong key in however often, and the other workers go on', async () => {
    const pool = await startPool({size: 2, slots: 2})
    const wrongKey = join(pool.home.root, 'wrong')
    generateKey(wrongKey)
    expect(await pool.home.run(['worker', 'set', 'w1', '--key', wrongKey])).toMatchObject({code: 0})
    for (let round = 1; round <= 2; round++) {
      const wrong = await Promise.all(Array.from({length: 5}, () => pool.home.run(['worker', 'test', 'w1'])))
      expect(wrong.map(({code, stdout}) => [code, stdout])).toEqual(wrong.map(() => [77, '']))
    }
    const {workers} = JSON.parse((await pool.home.run(['worker', 'list', '--json'])).stdout)
    expect(workers.find((worker: {name: string}) => worker.name === 'w1')).toMatchObject({status: 'failed'})
    const mapped = await pool.home.run(['task', 'map', '-k', '--', 'echo'], {input: '1\n2\n3\n4\n'})
    expect(mapped).toEqual({code: 0, signal: null, stdout: '1\n2\n3\n4\n', stderr: ''})
    await pool.close()
  })
})
