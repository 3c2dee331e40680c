import {describe, it} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import type {ProviderWire} from '../../../src/core/providers/testing/provider-wire.js'
import huggingface from '../../../src/plugins/huggingface/plugin.js'
import {openaiWire} from '../openai/openai-wire.js'

const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

const wire: ProviderWire = {
  ...openaiWire,
  errorBody: (_, message) => JSON.stringify({error: message, error_type: 'validation'}),
  modelsBody: (models) =>
    JSON.stringify({
      object: 'list',
      data: models.map((id) => ({id, object: 'model', providers: [{provider: 'novita', status: 'live', context_length: 8192}]})),
    }),
}

const plugin = await huggingface()

describe('the provider huggingface', () => {
  for (const {name, run} of providerConformance({plugin, model: 'org/name:fastest', capabilities, wire})) it(name, run)
})
