import {mkdtempSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {afterAll, describe, test} from '@jest/globals'
import {providerConformance} from '../../../src/core/providers/testing/conformance.js'
import llamacpp from '../../../src/plugins/llamacpp/plugin.js'
import {writeReciteModel} from '../../fixtures/recite-model.js'

const folder = mkdtempSync(join(tmpdir(), 'helix-llamacpp-'))
writeReciteModel(join(folder, 'recite.gguf'), {endless: true})
afterAll(() => rmSync(folder, {recursive: true}))

const subject = {
  plugin: await llamacpp(),
  model: join(folder, 'recite.gguf'),
  capabilities: {tools: true, reasoning: true, schema: true, images: false, documents: false},
  settings: {threads: 1, context_size: 4096},
}

describe('llamacpp', () => {
  for (const {name, run} of providerConformance(subject)) test(name, run)
})
