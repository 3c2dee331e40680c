import {describe, it} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import gemini from '../../../src/plugins/gemini/plugin.js'
import {geminiWire} from './gemini-wire.js'

const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

const plugin = await gemini()

describe('the provider gemini', () => {
  for (const {name, run} of providerConformance({plugin, model: 'gemini-3.8-flash', capabilities, wire: geminiWire})) it(name, run)
})
