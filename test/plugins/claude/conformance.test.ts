import {describe, it} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import claude from '../../../src/plugins/claude/plugin.js'
import {claudeWire} from './claude-wire.js'

const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

const plugin = await claude()

describe('the provider claude', () => {
  for (const {name, run} of providerConformance({plugin, model: 'claude-sonnet-4-5', capabilities, wire: claudeWire})) it(name, run)
})
