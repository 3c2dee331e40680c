import {spawn, spawnSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish, type HelixResult} from '../fixtures/helix.js'
import {ModelUser} from '../fixtures/model-user.js'
import {cutsAfter, repeats, says, stallsAfter, stays, thinks} from '../fixtures/openai-server.js'
import {waitFor} from '../fixtures/wait-for.js'

const BIN = fileURLToPath(new URL('../../bin/run.js', import.meta.url))
// That of util-linux; BSD's takes other words.
// That of util-linux; BSD's takes other words.
const hasScript = spawnSync('sh', ['-c', 'script --version']).status === 0

/** Runs helix on a terminal; stdout and stderr are what the terminal got. */
function runOnTerminal(user: ModelUser, args: readonly string[]): Promise<HelixResult> {
  const command = [process.execPath, BIN, ...args].map((word) => `'${word}'`).join(' ')
  const script = 'exec script --quiet --return --command "$0" /dev/null'
  return finish(spawn('sh', ['-c', script, command], {env: {...user.home.env, TERM: 'xterm'}, stdio: 'pipe'}))
}

describe('an answer that does not come to its end', () => {
  let user: ModelUser

  beforeAll(async () => {
    user = await ModelUser.start()
  })

  afterAll(() => user.server.stop())

  const savedAnswers = (model: string) => user.sessions(model).map(({messages}) => messages.at(-1))

  test.each<[signal: NodeJS.Signals, args: string[], prints: RegExp]>([
    ['SIGINT', [], /^One moment\n$/],
    ['SIGTERM', [], /^One moment\n$/],
    ['SIGINT', ['--json'], /^\{\s+"error": \{\s+"code": "CANCELLED"/],
    ['SIGINT', ['--output', 'stream-json'], /^\{"type":"text","text":"One moment"\}\n\{"type":"error","error":\{"code":"CANCELLED"/],
  ])('because of %s ends within a second with 130, lets go of the provider, and is kept as far as it came: %j', async (signal, args, prints) => {
    const model = `stalls ${signal} ${args.join()}`
    user.server.serve(model, stallsAfter('One moment'))
    const {child, result} = user.startChat(model, args)
    await waitFor('the first words to be on their way to the store', () => user.sessions(model).length === 1)
    const asked = performance.now()
    child.kill(signal)
    const {code, stdout, stderr} = await result
    expect(performance.now() - asked).toBeLessThan(2000)
    expect(code).toBe(130)
    expect(stdout).toMatch(prints)
    expect(stderr).toBe(args.includes('--json') ? '' : 'Error: cancelled\n')
    await waitFor('the connection to be closed', () => user.server.asked(model)[0]?.abandoned)
    expect(savedAnswers(model)).toMatchObject([{role: 'assistant', content: [{type: 'text', text: 'One moment'}], finish_reason: 'error'}])
  })

  test('and had not begun, because of SIGINT, leaves nothing behind', async () => {
    user.server.serve('silent', stays)
    const {child, result} = user.startChat('silent')
    await waitFor('the request', () => user.server.asked('silent').length === 1)
    const asked = performance.now()
    child.kill('SIGINT')
    expect(await result).toMatchObject({code: 130, stdout: '', stderr: 'Error: cancelled\n'})
    expect(performance.now() - asked).toBeLessThan(2000)
    await waitFor('the connection to be closed', () => user.server.asked('silent')[0]?.abandoned)
    expect(user.sessions('silent')).toEqual([])
  })

  test('because the connection is cut in mid-word: what came is printed and kept, exit code 69, and it is not asked again', async () => {
    user.server.serve('cut', cutsAfter('It was ', 'a dark'))
    const {code, stdout, stderr} = await user.chat('cut')
    expect([code, stdout]).toEqual([69, 'It was a dark\n'])
    expect(stderr).toMatch(/^Error: openai: the connection was cut before the answer was complete\n[^\n]+\n$/)
    expect(user.server.asked('cut')).toHaveLength(1)
    expect(savedAnswers('cut')).toMatchObject([{content: [{type: 'text', text: 'It was a dark'}], finish_reason: 'error'}])
  })

  test('because the connection is cut before the first word is asked for again', async () => {
    user.server.serve('cut first', cutsAfter(), says('Here.'))
    expect(await user.chat('cut first')).toMatchObject({code: 0, stdout: 'Here.\n', stderr: expect.stringMatching(/^helix: [^\n]*trying again in 1 s\n$/)})
    expect(user.server.asked('cut first')).toHaveLength(2)
  })

  test.each([
    ['first_token', '0.4', stays, /^$/, /it did not begin to answer within 0\.4 s/],
    ['idle', '0.4', stallsAfter('Once'), /^Once\n$/, /nothing more of its answer came for 0\.4 s/],
    ['total', '1.5', repeats('on '), /^(on )+\n$/, /its answer was not complete after 1\.5 s/],
  ] as const)('within the time that the user allows ends with 69 and says so: timeouts.%s', async (limit, seconds, reply, printed, message) => {
    const model = `slow ${limit}`
    user.server.serve(model, reply)
    const env = {[`HELIX_PROVIDERS__OPENAI__TIMEOUTS__${limit.toUpperCase()}`]: seconds}
    const {code, stdout, stderr} = await user.chat(model, [], {env})
    expect(code).toBe(69)
    expect(stdout).toMatch(printed)
    expect(stderr).toMatch(/^Error: [^\n]+\n[^\n]+\n$/)
    expect(stderr).toMatch(message)
    await waitFor('the connection to be closed', () => user.server.asked(model)[0]?.abandoned)
  })

  test('because its reader has left, like head, ends the command in silence', async () => {
    user.server.serve('endless', repeats('on and on\n'))
    const {child, result, printed} = user.startChat('endless')
    await waitFor('the first words', () => printed() !== '')
    child.stdout.destroy()
    expect(await result).toMatchObject({code: 141, stderr: ''})
    await waitFor('the connection to be closed', () => user.server.asked('endless')[0]?.abandoned)
  })
})

describe('control sequences in an answer', () => {
  const EVIL = 'a\u001b]0;owned\u0007b\u001b[2Jc\u009b31md\re\tf\n'
  let user: ModelUser

  beforeAll(async () => {
    user = await ModelUser.start()
    user.server.serve('evil', says(EVIL))
  })

  afterAll(() => user.server.stop())

  test('go through a pipe as they are, and through --json', async () => {
    const [text, json] = await Promise.all([user.chat('evil'), user.chat('evil', ['--json'])])
    expect(text).toMatchObject({code: 0, stdout: EVIL})
    expect(JSON.parse(json.stdout).text).toBe(EVIL)
  })

  describeUnless(hasScript ? undefined : 'no script of util-linux', 'on a terminal', () => {
    test('are shown and not obeyed', async () => {
      const {code, stdout} = await runOnTerminal(user, ['chat', '-m', 'openai/evil', '-p', 'hello'])
      expect(code).toBe(0)
      expect(stdout).toContain('owned')
      for (const character of ['\u0007', '\u001b', '\u009b']) expect(stdout).not.toContain(character)
    })

    test('are shown in what the model thinks too, apart from our own', async () => {
      user.server.serve('evil thought', thinks('hm\u001b[2J\u0007', 'ok'))
      const {code, stdout} = await runOnTerminal(user, ['chat', '-m', 'openai/evil thought', '-p', 'hello'])
      expect(code).toBe(0)
      expect(stdout).toContain('hm')
      expect(stdout).toContain('ok')
      expect(stdout).not.toContain('\u001b[2J')
      expect(stdout).not.toContain('\u0007')
    })

    test('in the words of a provider that refuses are shown too', async () => {
      const {code, stdout} = await runOnTerminal(user, ['chat', '-m', 'openai/x\u001b[2Jy', '-p', 'hello'])
      expect(code).toBe(2)
      expect(stdout).not.toContain('\u001b[2J')
    })
  })
})
