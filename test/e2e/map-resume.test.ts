import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from '@jest/globals'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {waitFor} from '../fixtures/wait-for.js'

const COLUMNS = ['Seq', 'Host', 'Starttime', 'JobRuntime', 'Send', 'Receive', 'Exitval', 'Signal', 'Command']

function lines(path: string): string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : []
}

function rows(joblog: string): string[][] {
  return lines(joblog)
    .slice(1)
    .map((line) => line.split('\t'))
}

function items(count: number): string {
  return Array.from({length: count}, (_, index) => `${index + 1}\n`).join('')
}

/** A command that leaves its item in a file once `gate` is there. */
function gated(home: HelixHome): {command: string[]; ran: string; open(): void} {
  const ran = join(home.root, 'ran')
  const gate = join(home.root, 'gate')
  const script = `until [ -e "${gate}" ]; do sleep 0.05; done; echo "$HELIX_ITEM" >> "${ran}"; echo "out $HELIX_ITEM"`
  return {command: ['sh', '-c', script], ran, open: () => writeFileSync(gate, '')}
}

describe('a joblog', () => {
  it('has a line in the format of GNU parallel for each ended task', async () => {
    const home = makeHelixHome()
    const joblog = join(home.root, 'joblog')
    const {code} = await home.run(['task', 'map', '--joblog', joblog, '--', 'sh', '-c', 'echo out; exit {}'], {input: '0\n7\n'})
    expect(code).toBe(1)
    expect(lines(joblog)[0]?.split('\t')).toEqual(COLUMNS)
    const byNumber = rows(joblog).sort(([a], [b]) => Number(a) - Number(b))
    expect(byNumber.map(([number, host, , , , received, exit, signal]) => [number, host, received, exit, signal])).toEqual([
      ['1', ':', '4', '0', '0'],
      ['2', ':', '4', '7', '0'],
    ])
  })

  it('begins anew without --resume', async () => {
    const home = makeHelixHome()
    const joblog = join(home.root, 'joblog')
    for (const input of ['a\nb\n', 'c\n']) await home.run(['task', 'map', '--joblog', joblog, '--', 'echo'], {input})
    expect(rows(joblog).map((row) => row.at(-1))).toEqual(['echo c'])
  })

  it('is not mistaken for another file', async () => {
    const home = makeHelixHome()
    const joblog = join(home.root, 'notes')
    writeFileSync(joblog, 'my notes\n')
    const {code, stderr} = await home.run(['task', 'map', '--joblog', joblog, '--resume', '--', 'echo'], {input: 'a\n'})
    expect(code).toBe(2)
    expect(stderr).toMatch(/^Error: .*notes is not a joblog\n$/)
    expect(readFileSync(joblog, 'utf8')).toBe('my notes\n')
  })
})

describe('task map --resume', () => {
  it('leaves out what the joblog has', async () => {
    const home = makeHelixHome()
    const joblog = join(home.root, 'joblog')
    const map = ['task', 'map', '--joblog', joblog, '--keep-order', '--resume', '--', 'echo']
    expect((await home.run(map, {input: items(2)})).stdout).toBe('1\n2\n')
    expect((await home.run(map, {input: items(4)})).stdout).toBe('3\n4\n')
  })

  it('runs each line once although the first run was killed in the middle', async () => {
    const home = makeHelixHome()
    const joblog = join(home.root, 'joblog')
    const task = gated(home)
    const map = ['task', 'map', '--joblog', joblog, '--resume', '--', ...task.command]
    const first = home.spawn(map)
    first.stdin.end(items(6))
    await waitFor('tasks to run', async () => JSON.parse((await home.run(['task', 'list', '--status', 'running', '--json'])).stdout).tasks.length > 0)
    first.kill('SIGKILL')
    task.open()
    const {code, stdout} = await home.run(map, {input: items(9)})
    expect(code).toBe(0)
    expect(lines(task.ran).sort()).toEqual(items(9).trim().split('\n'))
    expect(stdout.trim().split('\n').sort()).toEqual(
      items(9)
        .trim()
        .split('\n')
        .map((item) => `out ${item}`),
    )
    expect(
      rows(joblog)
        .map(([number]) => Number(number))
        .sort((a, b) => a - b),
    ).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  })

  it('runs what an interrupt had cancelled', async () => {
    const home = makeHelixHome()
    const joblog = join(home.root, 'joblog')
    const task = gated(home)
    const map = ['task', 'map', '--joblog', joblog, '--resume', '--', ...task.command]
    const first = home.spawn(map)
    first.stdin.write(items(3))
    const ended = new Promise<number | null>((resolve) => first.once('close', resolve))
    await waitFor('tasks to run', async () => JSON.parse((await home.run(['task', 'list', '--status', 'running', '--json'])).stdout).tasks.length > 0)
    first.kill('SIGINT')
    expect(await ended).toBe(130)
    task.open()
    expect((await home.run(map, {input: items(3)})).code).toBe(0)
    expect(lines(task.ran).sort()).toEqual(['1', '2', '3'])
  })
})
