import {describe, it} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import openai from '../../../src/plugins/openai/plugin.js'
import {openaiWire} from './openai-wire.js'

const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

const plugin = await openai()

describe('the provider openai', () => {
  for (const {name, run} of providerConformance({plugin, model: 'gpt-x', capabilities, wire: openaiWire})) it(name, run)
})
