import {spawn} from 'node:child_process'
import {existsSync} from 'node:fs'
import {expect, test} from '@jest/globals'
import {describeUnless} from '../fixtures/describe-unless.js'
import {finish, makeHelixHome} from '../fixtures/helix.js'
import {waitFor} from '../fixtures/wait-for.js'

test('a reader that leaves, like head, ends the task that writes, as it does without Helix', async () => {
  const home = makeHelixHome()
  const child = home.spawn(['task', 'run', '--', 'yes'])
  let printed = ''
  child.stdout.on('data', (chunk) => {
    printed += chunk
  })
  const result = finish(child)
  await waitFor('the first lines', () => printed !== '')
  child.stdout.destroy()
  expect((await result).code).toBe(141)
  const {stdout} = await home.run(['task', 'list', '--json'])
  expect(JSON.parse(stdout).tasks).toMatchObject([{status: 'cancelled', command: ['yes']}])
})

describeUnless(existsSync('/dev/full') ? undefined : 'there is no /dev/full', 'an output on a full disk', () => {
  test.each([[['config', 'list']], [['provider', 'list', '--json']], [['task', 'run', '--', 'echo', 'hello']]])('is one line: %j', async (args) => {
    const home = makeHelixHome()
    const {code, stderr} = await finish(spawn('sh', ['-c', '"$@" >/dev/full', 'sh', process.execPath, 'bin/run.js', ...args], {env: home.env, stdio: 'pipe'}))
    expect({code, stderr}).toMatchObject({code: 69, stderr: expect.stringMatching(/^Error: standard output cannot be written: ENOSPC[^\n]*\n$/m)})
  })
})
