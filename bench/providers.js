// Cost of the layer over language models: of what is not used, of the first use, of each piece of an answer, and in memory.
// @ts-check
import {measureChunks} from './chunks.js'
import {measureFirstUse} from './first-use.js'
import {measureMemory} from './memory.js'
import {measureUnused} from './unused-adapters.js'

export async function measure() {
  for (const [name, part] of Object.entries({
    'adapters that are not used': measureUnused,
    'first use of an adapter': measureFirstUse,
    'pieces of an answer': measureChunks,
    'memory over many requests': measureMemory,
  })) {
    console.log(`\n### ${name}\n`)
    await part()
  }
}
