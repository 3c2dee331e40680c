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
test('demands one tool by its name', async () => {
  /** @type {string[]} */
  const sent = []
  const provider = await plugin.open({
    id: plugin.id,
    settings: {base_url: plugin.baseUrl},
    apiKey: 'a key',
    fetch: async (_url, init) => {
      sent.push(String(init?.body))
      return new Response(wire.answer([{type: 'finish', reason: 'stop'}]).join(''), {headers: {'content-type': wire.contentType}})
    },
    clock: {now: Date.now, sleep: async () => {}},
    timeouts: {connect: 5, firstToken: 5, idle: 5, total: 5},
    retries: 0,
    packageFolder: '',
  })
  const tools = [{name: 'weather', parameters: {type: 'object'}}]
  await provider.generateWithTools({model: 'acme-1', messages: [{role: 'user', content: 'Hello'}], tools, toolChoice: {name: 'weather'}})
  assert.deepEqual(JSON.parse(String(sent[0])).tool_choice, {type: 'function', function: {name: 'weather'}})
})
