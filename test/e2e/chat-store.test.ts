import {afterEach, beforeEach, expect, test} from '@jest/globals'
import {ModelUser} from '../fixtures/model-user.js'
import {says} from '../fixtures/openai-server.js'
import {openTestStore} from '../fixtures/queue.js'
import {describeStores} from '../fixtures/stores.js'

describeStores('the sessions of helix chat', (newStore) => {
  let user: ModelUser

  beforeEach(async () => {
    user = await ModelUser.start()
  })

  afterEach(() => user.server.stop())

  test('keep every character of question and answer, also those that databases refuse', async () => {
    const answer = 'nul \0, half a pair \ud800, ünïcode 🦓'
    const question = `all of it: \0 ${'x'.repeat(100)}\nand more`
    user.server.serve('odd', says(answer))
    const url = await newStore()
    const env = {HELIX_DATABASE_URL: url}
    const [one, other] = await Promise.all([0, 1].map(() => user.home.run(['chat', '-m', 'openai/odd', '--json'], {env, input: question})))
    expect([one, other]).toMatchObject([
      {code: 0, stderr: ''},
      {code: 0, stderr: ''},
    ])
    const store = await openTestStore(url)
    try {
      const id = JSON.parse(one!.stdout).session_id
      const [session] = await store.query<{title: string}>('SELECT title FROM sessions WHERE id = ?', [id])
      expect(session?.title).toMatch(/^all of it: x{68}…$/)
      const messages = await store.query<{role: string; content: string}>('SELECT role, content FROM messages WHERE session_id = ? ORDER BY seq', [id])
      expect(messages.map(({role, content}) => [role, JSON.parse(content).content])).toEqual([
        ['user', question],
        ['assistant', [{type: 'text', text: answer}]],
      ])
    } finally {
      await store.close()
    }
  })
})
