import {describe, it} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import type {ProviderWire} from '../../../src/core/providers/testing/provider-wire.js'
import nvidia from '../../../src/plugins/nvidia/plugin.js'
import {openaiWire} from '../openai/openai-wire.js'

const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

const wire: ProviderWire = {
  ...openaiWire,
  errorBody: (status, message) => JSON.stringify({status, title: 'Refused', detail: message, requestId: '7'}),
}

const plugin = await nvidia()

describe('the provider nvidia', () => {
  for (const {name, run} of providerConformance({plugin, model: 'maker/model', capabilities, wire})) it(name, run)
})
