import {describe, it} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import mistral from '../../../src/plugins/mistral/plugin.js'
import {mistralWire} from './mistral-wire.js'

const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

const plugin = await mistral()

describe('the provider mistral', () => {
  for (const {name, run} of providerConformance({plugin, model: 'mistral-small-latest', capabilities, wire: mistralWire})) it(name, run)
})
