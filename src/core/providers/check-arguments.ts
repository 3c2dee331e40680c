import {messageOf} from '../errors/helix-error.js'
import {compileSchema} from './json-schema.js'
import type {JsonSchema, ToolDefinition} from './provider.js'

/** What is wrong with a tool call, in words for the model that made it; undefined for a good one. */
export async function checkArguments(name: string, text: string, tools: readonly ToolDefinition[]): Promise<string | undefined> {
  const tool = tools.find((candidate) => candidate.name === name)
  if (!tool) return `there is no tool ${JSON.stringify(name)}; there are: ${tools.map((candidate) => candidate.name).join(', ') || 'none'}`
  const problem = await checkJson(text, tool.parameters)
  return problem && `the arguments are ${problem}`
}

/** What is wrong with JSON text that is to satisfy a schema, such as `not JSON: …`; undefined when nothing is. */
export async function checkJson(text: string, schema: JsonSchema): Promise<string | undefined> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return `not JSON: ${messageOf(error)}`
  }
  const problem = (await compileSchema(schema))(value)
  return problem && `not what the schema asks for: ${problem}`
}
