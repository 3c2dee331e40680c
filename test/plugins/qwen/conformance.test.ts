import {describe, it} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import qwen from '../../../src/plugins/qwen/plugin.js'
import {qwenWire} from './qwen-wire.js'

const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

const plugin = await qwen()

describe('the provider qwen', () => {
  for (const {name, run} of providerConformance({plugin, model: 'qwen3.8-flash', capabilities, wire: qwenWire})) it(name, run)
})
