import {describe, it} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import deepseek from '../../../src/plugins/deepseek/plugin.js'
import {deepseekWire} from './deepseek-wire.js'

const capabilities = {tools: true, reasoning: true, schema: false, images: true, documents: true}

const plugin = await deepseek()

describe('the provider deepseek', () => {
  for (const {name, run} of providerConformance({plugin, model: 'deepseek-flash', capabilities, wire: deepseekWire})) it(name, run)
})
