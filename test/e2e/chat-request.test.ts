import {once} from 'node:events'
import {mkdirSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeAll, describe, expect, test} from '@jest/globals'
import {ModelUser} from '../fixtures/model-user.js'
import {says} from '../fixtures/openai-server.js'
import {waitFor} from '../fixtures/wait-for.js'

/** One transparent pixel. */
const PNG = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
const PDF = Buffer.from('%PDF-1.4\n%\xe2\xe3\xcf\xd3\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n', 'latin1')

describe('what helix chat asks for', () => {
  let user: ModelUser

  beforeAll(async () => {
    user = await ModelUser.start()
    user.write('pixel.png', PNG)
    user.write('paper.pdf', PDF)
    user.write('notes.md', '# Nötes\n')
    user.write('program', Buffer.from([0x7f, 0x45, 0x4c, 0x46, 0xff, 0xfe, 0x00]))
    mkdirSync(join(user.home.root, 'folder'))
  })

  afterAll(() => user.server.stop())

  test.each<[args: string[], body: object]>([
    [['--max-tokens', '50'], {max_tokens: 50}],
    [['--temperature', '0'], {temperature: 0}],
    [['--temperature', '1.25', '--reasoning', 'high'], {temperature: 1.25, reasoning_effort: 'high'}],
    [['--reasoning', 'none'], {reasoning_effort: 'none'}],
  ])('reaches the provider: %j', async (args, body) => {
    const model = args.join()
    user.server.serve(model, says('ok'))
    expect(await user.chat(model, args)).toMatchObject({code: 0, stdout: 'ok\n', stderr: ''})
    expect(user.server.asked(model)).toMatchObject([{body}])
  })

  test('is nothing but the model and the prompt when nothing else is said', async () => {
    user.server.serve('bare', says('ok'))
    await user.chat('bare')
    const messages = [{role: 'user', content: 'hello'}]
    expect(user.server.asked('bare')[0]?.body).toEqual({model: 'bare', messages, stream: true, stream_options: {include_usage: true}})
  })

  test('may be longer than usual where the config says that the model can', async () => {
    user.server.serve('long', says('ok'))
    const env = {HELIX_PROVIDERS__OPENAI__MAX_TOKENS: '200000'}
    expect(await user.chat('long', ['--max-tokens', '200000'], {env})).toMatchObject({code: 0, stdout: 'ok\n', stderr: ''})
    expect(user.server.asked('long')).toMatchObject([{body: {max_tokens: 200_000}}])
  })

  test('waits for a standard input that is left open, and says so', async () => {
    user.server.serve('patient', says('ok'))
    const child = user.home.spawn(['chat', '-m', 'openai/patient', '-p', 'hello'])
    let said = ''
    child.stderr.on('data', (text) => {
      said += text
    })
    child.stdin.write('more')
    await waitFor('the notice', () => said.includes('waiting for the end of standard input'))
    expect(user.server.asked('patient')).toEqual([])
    child.stdin.end(' words')
    await waitFor('the request', () => user.server.asked('patient').length > 0)
    expect(user.server.asked('patient')[0]?.body.messages).toEqual([{role: 'user', content: 'hello\n\nmore words'}])
    await once(child, 'close')
  })

  test('takes along images, PDFs and texts, which the session keeps', async () => {
    user.server.serve('looks', says('ok'))
    const files = ['pixel.png', 'paper.pdf', 'notes.md'].flatMap((file) => ['--attach', file])
    expect(await user.chat('looks', files)).toMatchObject({code: 0, stdout: 'ok\n', stderr: ''})
    const [{content} = {content: []}] = user.server.asked('looks')[0]?.body.messages ?? []
    expect(content).toEqual([
      {type: 'image_url', image_url: {url: `data:image/png;base64,${PNG.toString('base64')}`}},
      {type: 'file', file: {filename: 'paper.pdf', file_data: `data:application/pdf;base64,${PDF.toString('base64')}`}},
      {type: 'text', text: expect.stringContaining('# Nötes\n')},
      {type: 'text', text: 'hello'},
    ])
    expect(user.sessions('looks')).toMatchObject([
      {
        messages: [
          {
            content: [
              {type: 'attachment', name: 'pixel.png', mediaType: 'image/png', data: PNG.toString('base64')},
              {name: 'paper.pdf'},
              {name: 'notes.md'},
              {type: 'text'},
            ],
          },
          {role: 'assistant'},
        ],
      },
    ])
  })

  test.each<[args: string[], says: RegExp]>([
    [['--temperature', '2.1'], /--temperature must be a number from 0 to 2, and is "2\.1"/],
    [['--temperature', 'hot'], /--temperature .*"hot"/],
    [['--temperature', ''], /--temperature .*""/],
    [['--temperature=-1'], /--temperature .*"-1"/],
    [['--max-tokens', '0'], /0/],
    [['--max-tokens=-5'], /-5/],
    [['--max-tokens', 'many'], /many/],
    [['--max-tokens', '1.5'], /1\.5/],
    [['--max-tokens', '999999999'], /max_tokens must be from 1 to 32000, and is 999999999/],
    [['--reasoning', 'much'], /much/],
    [['--output', 'xml'], /xml/],
    [['--attach', 'missing.png'], /missing\.png: there is no such file/],
    [['--attach', 'folder'], /folder: /],
    [['--attach', 'program'], /program is no image .*PDF or UTF-8 text/],
    [['--attach', 'pixel.png', '--attach', 'missing.png'], /missing\.png/],
    [['--schema', 'missing.json'], /missing\.json: there is no such file/],
    [['--tools', 'missing.json', '--no-run-tools'], /missing\.json: there is no such file/],
    [['surplus'], /surplus/],
  ])('is refused in a line with exit code 2, unasked and unstored: %j', async (args, says) => {
    const asked = user.server.requests.length
    const stored = user.sessions().length
    const {code, stdout, stderr} = await user.chat('never', args)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    expect(stderr).toMatch(says)
    expect(user.server.requests).toHaveLength(asked)
    expect(user.sessions()).toHaveLength(stored)
  })

  test.each<[what: string, args: string[], input: string | Buffer, says: RegExp]>([
    ['nothing to ask', [], '', /there is nothing to ask/],
    ['white space to ask', ['-p', '  '], ' \n', /there is nothing to ask/],
    ['standard input that is no text', ['-p', 'What is this?'], Buffer.from([0xff, 0xfe, 0x00, 0xd8]), /standard input is not UTF-8 text/],
    ['more standard input than a provider takes', [], Buffer.alloc(20 * 1024 * 1024 + 1, 'a'), /larger than 20 MiB/],
  ])('is refused in a line with exit code 2: %s', async (_, args, input, says) => {
    const {code, stdout, stderr} = await user.home.run(['chat', '-m', 'openai/never', ...args], {input})
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^Error: [^\n]+\n([^\n]+\n)?$/)
    expect(stderr).toMatch(says)
    expect(user.server.asked('never')).toEqual([])
  })
})
