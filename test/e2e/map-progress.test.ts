import {spawn, spawnSync} from 'node:child_process'
import {existsSync, readFileSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish, type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {openTestStore} from '../fixtures/queue.js'
import {waitFor} from '../fixtures/wait-for.js'

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
const SCRIPT = 'until [ -e "$2$1" ]; do sleep 0.05; done; echo "out $1"; [ "$1" != 1 ]'
const hasTmux = spawnSync('tmux', ['-V']).status === 0
const EXITED = 'helix has ended with'

/** A terminal of 80 columns in which a `task map` of three tasks runs; each waits for a file of its own. */
function openTerminal(home: HelixHome, extra: NodeJS.ProcessEnv = {}): {screen(): string; close(): void} {
  const tmux = (...args: string[]) =>
    spawnSync('tmux', ['-S', join(home.root, 'tmux'), '-f', '/dev/null', ...args], {env: {...home.env, ...extra}, encoding: 'utf8'})
  const script = join(home.root, 'script.sh')
  writeFileSync(script, `'${process.execPath}' '${BIN}' task map -- sh -c '${SCRIPT}' sh {} '${home.root}/go' ::: 1 2 3\necho "${EXITED} $?"\nsleep 600\n`)
  tmux('new-session', '-d', '-x', '80', '-y', '20', `${extra.TERM ? `TERM=${extra.TERM} ` : ''}sh '${script}'`)
  return {screen: () => tmux('capture-pane', '-p').stdout.trimEnd(), close: () => tmux('kill-server')}
}

describeUnless(hasTmux ? undefined : 'there is no tmux', 'on a terminal, task map', () => {
  test('shows below what tasks print how far it has come, and takes that away at its end', async () => {
    const home = makeHelixHome()
    const terminal = openTerminal(home)
    try {
      await waitFor('the first tasks to run', () => /^\[ {20}\] 0\/3 {2}[1-3] running /.test(terminal.screen()))
      writeFileSync(join(home.root, 'go1'), '')
      await waitFor('the line below the output', () => /^out 1\n\[#{6} {14}\] 1\/3 {2}1 failed {2}\d running {2}\d+\.\d\/s {2}ETA \d/.test(terminal.screen()))
      writeFileSync(join(home.root, 'go2'), '')
      await waitFor('the second output', () => /^out 1\nout 2\n\[#{13} {7}\] 2\/3 /.test(terminal.screen()))
      writeFileSync(join(home.root, 'go3'), '')
      await waitFor('the end', () => terminal.screen().includes(EXITED))
      expect(terminal.screen()).toBe(`out 1\nout 2\nout 3\n${EXITED} 1`)
    } finally {
      terminal.close()
    }
  })

  test.each([[{CI: '1'}], [{TERM: 'dumb'}]])('shows nothing but the output with %j', async (extra) => {
    const home = makeHelixHome()
    const terminal = openTerminal(home, extra)
    try {
      writeFileSync(join(home.root, 'go1'), '')
      await waitFor('the first output', () => terminal.screen().startsWith('out 1'))
      for (const number of [2, 3]) writeFileSync(join(home.root, `go${number}`), '')
      await waitFor('the end', () => terminal.screen().includes(EXITED))
      expect(
        terminal
          .screen()
          .split('\n')
          .filter((line) => line.startsWith('[')),
      ).toEqual([])
    } finally {
      terminal.close()
    }
  })
})

test('a reader that is slow holds up no task, and gets all of what waited for it', async () => {
  const home = makeHelixHome()
  const [gate, sizes] = [join(home.root, 'gate'), join(home.root, 'sizes')]
  // 100 times 1 MiB: far more than is kept in memory for it.
  const reader = `until [ -e '${gate}' ]; do sleep 0.05; done; wc -c > '${sizes}'`
  const words = ['task', 'map', '--', 'sh', '-c', 'head -c 1048576 /dev/zero', 'sh'].map((word) => `'${word}'`).join(' ')
  const script = `seq 100 | '${process.execPath}' '${BIN}' ${words} | { ${reader}; }`
  const piped = finish(spawn('sh', ['-c', script], {cwd: home.root, env: home.env, stdio: 'pipe'}))
  const store = await openTestStore(`sqlite:${join(home.dataDir, 'helix.db')}`)
  try {
    const completed = async () => (await store.query(`SELECT id FROM tasks WHERE status = 'completed'`)).length
    await waitFor('all tasks to be completed while nobody reads', async () => (await completed()) === 100, 120_000)
    expect(existsSync(sizes)).toBe(false)
  } finally {
    // Also where it fails: the reader would wait for ever, and the run of the tests with it.
    writeFileSync(gate, '')
    await store.close()
  }
  expect((await piped).code).toBe(0)
  expect(Number(readFileSync(sizes, 'utf8'))).toBe(100 * 1_048_576)
}, 180_000)
