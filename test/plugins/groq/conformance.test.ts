import {describe, it} from '@jest/globals'
import {providerConformance, type Subject} from '../../../src/core/providers/testing/conformance.js'
import groq from '../../../src/plugins/groq/plugin.js'
import {groqWire} from './groq-wire.js'

const capabilities = {tools: true, reasoning: true, schema: true, images: true, documents: true}

const subject = {plugin: await groq(), capabilities, wire: groqWire}

/** One that takes a schema, and one that sees. */
const MODELS: Pick<Subject, 'model' | 'lacks'>[] = [
  {model: 'openai/gpt-oss-120b', lacks: ['images']},
  {model: 'qwen/qwen3.8-27b', lacks: ['schema']},
]

describe.each(MODELS)('the provider groq with $model', (chosen) => {
  for (const {name, run} of providerConformance({...subject, ...chosen})) it(name, run)
})
