import {HelixError, messageOf} from '../errors/helix-error.js'
import type {JsonSchema} from './provider.js'

/** Says what is wrong with a value, or nothing. */
type Check = (value: unknown) => string | undefined

const compiled = new WeakMap<JsonSchema, Promise<Check>>()

/** A check of values against a schema. Throws `usage` for what is no JSON Schema. */
export function compileSchema(schema: JsonSchema): Promise<Check> {
  const known = compiled.get(schema)
  if (known) return known
  const check = compile(schema)
  compiled.set(schema, check)
  return check
}

async function compile({$schema, ...schema}: JsonSchema): Promise<Check> {
  const draft7 = typeof $schema === 'string' && $schema.includes('draft-07')
  const {default: Validator} = draft7 ? await import('ajv') : await import('ajv/dist/2020.js')
  // Schemas come from users and from tools of others: unknown keywords and formats are theirs to use.
  const ajv = new Validator.default({strict: false, validateFormats: false, addUsedSchema: false})
  try {
    const validate = ajv.compile(schema)
    return (value) => (validate(value) ? undefined : ajv.errorsText(validate.errors, {dataVar: 'value'}))
  } catch (error) {
    throw new HelixError('usage', `that is not a JSON Schema: ${messageOf(error)}`, {code: 'SCHEMA_INVALID', cause: error})
  }
}
