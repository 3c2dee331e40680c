import {DocumentError, isForbiddenKey, MAX_DEPTH, MAX_YAML_BYTES} from './document-limits.js'

/** Parses one YAML document under the same limits as JSON; tags that are not of the core schema are errors. Throws `DocumentError` with the place. */
export async function parseYaml(text: string): Promise<unknown> {
  if (text.length > MAX_YAML_BYTES) throw new DocumentError('YAML larger than 64 KiB is not read: write it as helix.json')
  const {default: yaml} = await import('yaml')
  const document = yaml.parseDocument(text, {prettyErrors: false, stringKeys: true})
  const problem = document.errors[0] ?? document.warnings[0]
  if (problem?.code === 'RESOURCE_EXHAUSTION') throw tooDeep()
  if (problem) throw new DocumentError(problem.message, problem.pos[0])
  let value: unknown
  try {
    value = document.toJS()
  } catch (error) {
    // An alias without its anchor, or so many of them that they are meant to fill the memory.
    throw new DocumentError(error instanceof Error ? error.message : 'cannot be read')
  }
  checkTree(value, 0)
  return value
}

function checkTree(value: unknown, depth: number): void {
  if (typeof value !== 'object' || value === null) return
  if (depth >= MAX_DEPTH) throw tooDeep()
  for (const [key, child] of Object.entries(value)) {
    if (isForbiddenKey(key)) throw new DocumentError(`the key ${key} is not allowed`)
    checkTree(child, depth + 1)
  }
}

function tooDeep(): DocumentError {
  return new DocumentError(`nested more than ${MAX_DEPTH} levels deep`)
}
