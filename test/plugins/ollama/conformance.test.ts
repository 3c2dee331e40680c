import {describe, test} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import ollama from '../../../src/plugins/ollama/plugin.js'
import {ollamaWire} from './ollama-wire.js'

const plugin = await ollama()
const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

describe.each([
  ['Ollama', true],
  ['Ollama before it had ids of tool calls', false],
])('%s is a provider as any other', (_, hasToolIds) => {
  for (const {name, run} of providerConformance({plugin, model: 'qwen3:8b', capabilities, wire: ollamaWire({hasToolIds})})) test(name, run)
})
