import {describe, it} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import grok from '../../../src/plugins/grok/plugin.js'
import {grokWire} from './grok-wire.js'

const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

const plugin = await grok()

describe('the provider grok', () => {
  for (const {name, run} of providerConformance({plugin, model: 'grok-4.7', capabilities, wire: grokWire})) it(name, run)
})
