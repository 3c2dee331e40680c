// @ts-check
import assert from 'node:assert/strict'
import {test} from 'node:test'
import {providerConformance} from 'helix-cli/provider/testing'
import openPlugin from './plugin.js'
import {wire} from './server.js'

const plugin = await openPlugin()
const capabilities = {tools: true, reasoning: false, schema: true, images: false, documents: false}

// What every provider must do, each over a real socket.
for (const {name, run} of providerConformance({plugin, model: 'acme-1', capabilities, wire})) test(name, run)

// What only this one does.
test('an end that the API has no agreed word for is an ordinary one', async () => {
  const chunk = {choices: [{delta: {content: 'Hello'}, finish_reason: 'eos'}]}
  const provider = await plugin.open({
    id: plugin.id,
    settings: {base_url: plugin.baseUrl},
    apiKey: 'a key',
    fetch: async () => new Response(`data: ${JSON.stringify(chunk)}\n\n`, {headers: {'content-type': wire.contentType}}),
    clock: {now: Date.now, sleep: async () => {}},
    timeouts: {connect: 5, firstToken: 5, idle: 5, total: 5},
    retries: 0,
    packageFolder: '',
  })
  const {text, finishReason} = await provider.generate({model: 'acme-1', messages: [{role: 'user', content: 'Hello'}]})
  assert.deepEqual({text, finishReason}, {text: 'Hello', finishReason: 'stop'})
})
