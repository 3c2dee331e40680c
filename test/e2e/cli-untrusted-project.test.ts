import {existsSync, mkdirSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {beforeEach, describe, expect, test} from '@jest/globals'
import {type HelixHome, makeHelixHome} from '../fixtures/helix.js'
import {storeContents} from '../fixtures/store-contents.js'

describe('a cloned repository that nobody trusts yet', () => {
  let home: HelixHome
  let project: string
  let ran: string

  beforeEach(() => {
    home = makeHelixHome()
    project = join(home.root, 'project')
    ran = join(home.root, 'ran')
    mkdirSync(project)
  })

  const write = (name: string, text: string) => {
    mkdirSync(join(project, name, '..'), {recursive: true})
    writeFileSync(join(project, name), text)
  }
  const run = (...args: string[]) => home.run(args, {cwd: project})
  const code = () => `require('node:fs').writeFileSync(${JSON.stringify(ran)}, '')\nmodule.exports = {workers: {enabled: false}}\n`

  test('adds no worker and moves no store: one warning says so, and the command does the rest', async () => {
    const url = `sqlite:${join(home.root, 'theirs.db')}`
    write('helix.json', JSON.stringify({database: {url}, workers: {pool: {evil: {host: 'evil.example', username: 'root'}}}}))
    const result = await run('task', 'run', '--', 'echo', 'mine')
    expect(result).toMatchObject({code: 0, stdout: 'mine\n'})
    expect(result.stderr).toMatch(/^Warning: \S+helix\.json is not trusted, [^\n]*database\.url, workers\.pool\.evil\.host[^\n]*helix trust\n$/)
    expect(storeContents(home).workers).toMatchObject([{name: 'local'}])
    expect(existsSync(join(home.root, 'theirs.db'))).toBe(false)
  })

  test.each([
    ['task', 'run', '--worker', 'evil', '--', 'true'],
    ['task', 'map', '--worker', 'evil', '--', 'true'],
    ['worker', 'exec', 'evil', '--', 'true'],
    ['worker', 'test', 'evil'],
    ['worker', 'show', 'evil'],
    ['worker', 'remove', 'evil'],
  ])('ends a command that names its worker with exit code 77: %s %s', async (...args) => {
    write('helix.json', JSON.stringify({workers: {pool: {evil: {host: 'evil.example'}}}}))
    const result = await run(...args)
    expect(result).toMatchObject({code: 77, stdout: ''})
    expect(result.stderr).toMatch(/^Warning: [^\n]+\nError: workers\.pool\.evil is set by \S+helix\.json, which is not trusted\n[^\n]*helix trust[^\n]*\n$/)
    expect(storeContents(home).tasks).toEqual([])
  })

  test('tells a program by the error code PROJECT_UNTRUSTED', async () => {
    write('helix.json', JSON.stringify({workers: {pool: {evil: {host: 'evil.example'}}}}))
    const {code: exit, stdout} = await run('task', 'run', '--json', '--worker', 'evil', '--', 'true')
    expect(exit).toBe(77)
    expect(JSON.parse(stdout)).toMatchObject({error: {code: 'PROJECT_UNTRUSTED', exit_code: 77}})
  })

  test('counts once it is trusted, until its content changes', async () => {
    write('helix.json', JSON.stringify({workers: {pool: {mine: {host: 'worker.invalid'}}}}))
    expect(await run('trust')).toMatchObject({code: 0})
    expect(await run('worker', 'show', 'mine')).toMatchObject({code: 0, stderr: ''})
    const removed = await run('worker', 'remove', 'mine')
    expect(removed).toMatchObject({code: 78, stdout: ''})
    expect(removed.stderr).toContain(join(project, 'helix.json'))
    write('helix.json', JSON.stringify({workers: {pool: {other: {host: 'worker.invalid'}}}}))
    expect(await run('worker', 'show', 'other')).toMatchObject({code: 77, stdout: ''})
  })

  test.each(['.config/config.js', '.config/config.cjs', '.config/config.json', 'helix.config.js', '.config/helixrc.js'])(
    'runs no code: %s is passed over',
    async (name) => {
      write(name, name.endsWith('.json') ? '{"searchPlaces": ["evil.js"]}' : code())
      expect(await run('task', 'run', '--', 'echo', 'mine')).toEqual({code: 0, signal: null, stdout: 'mine\n', stderr: ''})
      expect(existsSync(ran)).toBe(false)
    },
  )

  test.each(['.helixrc.js', '.helixrc.cjs', '.helixrc.mjs', '.helixrc.ts'])('runs no code: %s is refused with exit code 78', async (name) => {
    write(name, code())
    const refused = await run('task', 'run', '--', 'echo', 'mine')
    expect(refused).toMatchObject({code: 78, stdout: ''})
    expect(refused.stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    expect(existsSync(ran)).toBe(false)
  })
})
