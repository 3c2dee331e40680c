import {readFileSync} from 'node:fs'
import {expect, test} from '@jest/globals'
import {makeHelixHome} from './fixtures/helix.js'

const root = new URL('../', import.meta.url)
const read = (path: string) => readFileSync(new URL(path, root), 'utf8')

/** The README's code blocks before its tour. */
function setUpCommands(): string[] {
  const [setUp = ''] = read('README.md').split('## A quick tour')
  return [...setUp.matchAll(/^```sh\n(.*?)\n```$/gms)].map((match) => match[1]!)
}

test('the README sets up with two commands: one runs the pipeline, one the tests', () => {
  expect(setUpCommands()).toEqual(['npm ci && npx helix task apply examples/pipeline.yaml', 'npm ci && npm test'])
})

test("CI runs the README's test command to the letter", () => {
  expect(read('.ci/run')).toContain(`(${setUpCommands()[1]})`)
})

test('the example runs to its end on a machine that has never run Helix, each task after those it needs', async () => {
  const home = makeHelixHome()
  const {code, stdout, stderr} = await home.run(['task', 'apply', new URL('examples/pipeline.yaml', root).pathname])
  expect({code, stdout: stdout.trim().split('\n')}).toEqual({
    code: 0,
    stdout: ['gathered text on local', expect.any(String), expect.any(String), '25 words in 5 lines'],
  })
  const ended = [...stderr.matchAll(/✓ (\w+) on local/g)].map((match) => match[1])
  expect(ended).toHaveLength(5)
  expect([ended[0], ended.slice(1, 3).sort(), ended.slice(3)]).toEqual(['gather', ['lines', 'words'], ['report', 'tidy']])
})

test('every file that the README links to is there', () => {
  const links = [...read('README.md').matchAll(/\]\((?!https?:)([^)#]+)/g)].map((match) => match[1]!)
  expect(links.length).toBeGreaterThan(5)
  for (const link of links) expect(() => readFileSync(new URL(link, root))).not.toThrow(expect.objectContaining({code: 'ENOENT'}))
})
