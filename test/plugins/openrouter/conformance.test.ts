import {describe, it} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import openrouter from '../../../src/plugins/openrouter/plugin.js'
import {openrouterWire} from './openrouter-wire.js'

const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

const plugin = await openrouter()

describe('the provider openrouter', () => {
  for (const {name, run} of providerConformance({plugin, model: 'anthropic/claude-sonnet-4.5', capabilities, wire: openrouterWire})) it(name, run)
})
