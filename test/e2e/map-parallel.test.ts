import {spawnSync} from 'node:child_process'
import {appendFileSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {makeHelixHome} from '../fixtures/helix.js'

const SCRIPT = ['sh', '-c', 'echo out; case $1 in 2|3) exit 1$1;; 4) kill -9 $$;; esac', 'sh', '{}']
// What parallel runs goes through this shell; others tell a signal in another way.
const BASH = '/bin/bash'
const version = spawnSync('parallel', ['--version'], {encoding: 'utf8'})
const withoutParallel = version.stdout?.startsWith('GNU parallel') ? undefined : 'there is no GNU parallel'

function parallel(args: readonly string[], input = ''): {code: number | null; stdout: string; stderr: string} {
  const {status, stdout, stderr} = spawnSync('parallel', ['--will-cite', '-q', ...args], {input, encoding: 'utf8', env: {...process.env, PARALLEL_SHELL: BASH}})
  return {code: status, stdout, stderr}
}

/** A joblog without its times. */
function entries(joblog: string): string[] {
  const [header = '', ...lines] = readFileSync(joblog, 'latin1').split('\n').slice(0, -1)
  return [header, ...lines.map((line) => line.replace(/^(\d+\t[^\t]+)\t\d{10}\.\d{3}\t *\d+\.\d{3}\t/, '$1\tTIMES\t')).sort()]
}

describeUnless(withoutParallel, 'task map beside GNU parallel', () => {
  test('writes the same joblog', async () => {
    const home = makeHelixHome()
    const [ours, theirs] = [join(home.root, 'ours'), join(home.root, 'theirs')]
    const items = "1\n2\n3\n4\na b\nit's\n"
    const {code} = await home.run(['task', 'map', '--joblog', ours, '--', ...SCRIPT], {input: items})
    expect(code).toBe(parallel(['--joblog', theirs, ...SCRIPT], items).code)
    expect(entries(ours)).toEqual(entries(theirs))
  })

  test.each(['resume', 'resume-failed'])('goes on with its joblog, and it with ours: --%s', async (mode) => {
    const home = makeHelixHome()
    const log = join(home.root, 'log')
    parallel(['--joblog', log, ...SCRIPT], '1\n2\n')
    const ours = await home.run(['task', 'map', '--joblog', log, `--${mode}`, '-k', '--', 'echo', 'again', '{}'], {input: '1\n2\n3\n'})
    expect(ours).toMatchObject({code: 0, stdout: mode === 'resume' ? 'again 3\n' : 'again 2\nagain 3\n'})
    expect(parallel(['--joblog', log, `--${mode}`, '-k', 'echo', 'again', '{}'], '1\n2\n3\n4\n')).toMatchObject({stdout: 'again 4\n', stderr: ''})
    const failing = await home.run(['task', 'map', '--joblog', log, `--${mode}`, '--', 'false'], {input: '1\n2\n3\n4\n5\n'})
    expect(failing.code).toBe(1)
    expect(parallel(['--joblog', log, `--${mode}`, '-k', 'echo', 'last', '{}'], '1\n2\n3\n4\n5\n').stdout).toBe(mode === 'resume' ? '' : 'last 5\n')
  })

  test.each(['never', 'soon,fail=1', 'now,fail=1', 'soon,fail=2', 'now,success=1', 'soon,success=50%', 'soon,fail=30%', '1', '30%'])(
    'stops where it stops and exits as it does: --halt %s',
    async (halt) => {
      const home = makeHelixHome()
      const script = ['sh', '-c', 'case $1 in 2|4|5) exit 1$1;; esac', 'sh', '{}']
      const items = Array.from({length: 10}, (_, index) => `${index + 1}\n`).join('')
      const [ours, theirs] = [join(home.root, 'ours'), join(home.root, 'theirs')]
      // One at a time: what has started when the halt comes does not depend on how fast either is.
      const {code} = await home.run(['task', 'map', '-j1', '--halt', halt, '--joblog', ours, '--', ...script], {input: items})
      const {code: expected} = parallel(['-j1', '--halt', halt, '--joblog', theirs, ...script], items)
      const [done, seen] = [entries(ours).slice(1), entries(theirs).slice(1)]
      expect(code).toBe(expected)
      // Helix has claimed the next one by the time that it hears of an end.
      expect(done.slice(0, seen.length).map(numberOf)).toEqual(seen.map(numberOf))
      expect(done.length - seen.length).toBeLessThanOrEqual(1)
    },
  )

  test('tags lines and prints what it would run as it does', async () => {
    const home = makeHelixHome()
    const items = [':::', 'a b', "it's", '', 'x/y.z']
    for (const flags of [
      ['-k', '--tag'],
      ['-k', '--tagstring', '{#}:{/.}'],
      ['-k', '--dry-run'],
    ]) {
      const command = flags.includes('--dry-run') ? ['echo', '{}', '{/}'] : ['printf', '%s\\n\\nx', '{}']
      const theirs = parallel([...flags, ...command, ...items])
      expect(await home.run(['task', 'map', ...flags, '--', ...command, ...items])).toMatchObject({code: 0, stdout: theirs.stdout})
    }
  })
})

describe('task map --halt', () => {
  test('now ends what runs, and what has not started never does', async () => {
    const home = makeHelixHome()
    const script = 'case $1 in 1) sleep 600;; 2) exit 7;; esac'
    const ended = await home.run(['task', 'map', '-j2', '--halt', 'now,fail=1', '--', 'sh', '-c', script, 'sh', '{}', ':::', ...'1234567890'])
    expect(ended).toMatchObject({code: 7, stderr: expect.stringContaining('1 failed: cancelling what runs, starting no more')})
    const {tasks} = JSON.parse((await home.run(['task', 'list', '--json'])).stdout)
    const statuses = tasks.map((task: {status: string}) => task.status)
    expect(statuses).toHaveLength(10)
    expect(statuses.filter((status: string) => status === 'pending' || status === 'running')).toEqual([])
    expect(tasks.find((task: {command: string[]}) => task.command.at(-1) === '1').status).toBe('cancelled')
  })

  test('is refused where it says nothing that can be meant', async () => {
    const home = makeHelixHome()
    for (const halt of ['soon', 'later,fail=1', 'now,fail=0', 'now,fail=x', ''])
      expect(await home.run(['task', 'map', '--halt', halt, '--', 'echo', ':::', 'a'])).toMatchObject({code: 2, stdout: ''})
  })
})

test('task map --resume-failed runs what failed once more each time, and nothing twice', async () => {
  const home = makeHelixHome()
  const log = join(home.root, 'log')
  const map = ['task', 'map', '--joblog', log, '--resume-failed', '-k', '--', 'sh', '-c', 'echo $1; exit $1', 'sh', '{}', ':::', '0', '3']
  expect(await home.run(map)).toMatchObject({code: 1, stdout: '0\n3\n'})
  expect(await home.run(map)).toMatchObject({code: 1, stdout: '3\n'})
  // The writer was killed in the middle of a line.
  appendFileSync(log, '2\t:\t17954')
  expect(await home.run(map)).toMatchObject({code: 1, stdout: '3\n'})
  expect(entries(log).slice(1).map(numberOf)).toEqual(['1', '2', '2', '2'])
})

test('task map --line-buffer prints a line before its task has ended', async () => {
  const home = makeHelixHome()
  const gate = join(home.root, 'gate')
  const script = `echo first; until [ -e "$2" ]; do sleep 0.05; done; printf last`
  const child = home.spawn(['task', 'map', '--line-buffer', '--tag', '--', 'sh', '-c', script, 'sh', '{}', gate, ':::', 'a'])
  let printed = ''
  const closed = new Promise((resolve) => child.once('close', resolve))
  child.stdin.end()
  await new Promise<void>((resolve) => {
    child.stdout.on('data', (chunk) => {
      printed += chunk
      if (printed === 'a\tfirst\n') resolve()
    })
  })
  writeFileSync(gate, '')
  await closed
  expect(printed).toBe('a\tfirst\na\tlast')
})

function numberOf(line: string): string {
  return line.split('\t')[0] ?? ''
}
