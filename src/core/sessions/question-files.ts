import {readFile} from 'node:fs/promises'
import {basename} from 'node:path'
import {lineOf} from '../config/document-limits.js'
import {parseJson} from '../config/parse-json.js'
import {isPlainObject} from '../config/plain-object.js'
import {errorCode, HelixError, messageOf} from '../errors/helix-error.js'
import type {Attachment, JsonSchema, ToolDefinition} from '../providers/provider.js'

/** The most that is sent along; providers take 20 MB at the most. */
const LARGEST_FILE = 20 * 1024 * 1024

/** What a file begins with. Sources: PNG 1.2, JFIF, GIF89a, RIFF, ISO 32000. */
const SIGNATURES: [RegExp, string][] = [
  [/^\x89PNG\r\n/, 'image/png'],
  [/^\xff\xd8\xff/, 'image/jpeg'],
  [/^GIF8[79]a/, 'image/gif'],
  [/^RIFF.{4}WEBP/s, 'image/webp'],
  [/^%PDF-/, 'application/pdf'],
]

/** An image, a PDF or a text to be sent along. Throws `usage` for a file that is none of these or too large. */
export async function readAttachment(file: string): Promise<Attachment> {
  const data = await readAsked(file)
  const start = data.toString('latin1', 0, 16)
  const mediaType = SIGNATURES.find(([signature]) => signature.test(start))?.[1] ?? (decodeText(data) === undefined ? undefined : 'text/plain')
  if (mediaType) return {type: 'attachment', name: basename(file), mediaType, data}
  throw new HelixError('usage', `${file} is no image (PNG, JPEG, GIF, WebP), PDF or UTF-8 text`, {code: 'ATTACHMENT_UNKNOWN'})
}

/** The JSON Schema in a file. Throws `usage` where there is none. */
export async function readSchema(file: string): Promise<JsonSchema> {
  const value = await readJson(file)
  if (isPlainObject(value)) return value
  throw new HelixError('usage', `${file}: a JSON Schema is an object`, {code: 'SCHEMA_INVALID'})
}

/**
 * Tool definitions from a file: a list of `{name, description, parameters}`, or of what OpenAI makes of them, `{type: "function", function: …}`.
 * Throws `usage` for anything else.
 */
export async function readTools(file: string): Promise<ToolDefinition[]> {
  const value = await readJson(file)
  const list = isPlainObject(value) ? value.tools : value
  if (!Array.isArray(list) || list.length === 0) throw toolsError(file, 'it has to be a list of tools')
  return list.map((entry: unknown, index) => {
    const tool = isPlainObject(entry) && isPlainObject(entry.function) ? entry.function : entry
    if (!isPlainObject(tool) || typeof tool.name !== 'string') throw toolsError(file, `[${index}] has no name`)
    const {name, description, parameters = {type: 'object', properties: {}}} = tool
    if (!isPlainObject(parameters)) throw toolsError(file, `[${index}].parameters is not a JSON Schema`)
    return {name, parameters, ...(typeof description === 'string' && {description})}
  })
}

/** All of standard input as text. Throws `usage` for what is no UTF-8, or too much. */
export async function readText(stdin: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of stdin) {
    size += chunk.length
    if (size > LARGEST_FILE) throw new HelixError('usage', `standard input is larger than ${LARGEST_FILE / 1024 ** 2} MiB`, {code: 'INPUT_TOO_LARGE'})
    chunks.push(chunk)
  }
  const text = decodeText(Buffer.concat(chunks))
  if (text !== undefined) return text
  throw new HelixError('usage', 'standard input is not UTF-8 text', {code: 'INPUT_INVALID', hint: 'Send a file with --attach.'})
}

async function readJson(file: string): Promise<unknown> {
  const source = (await readAsked(file)).toString()
  try {
    return parseJson(source)
  } catch (error) {
    throw new HelixError('usage', `${file}${lineOf(source, error)}: ${messageOf(error)}`, {code: 'FILE_INVALID', cause: error})
  }
}

async function readAsked(file: string): Promise<Buffer> {
  let data: Buffer
  try {
    data = await readFile(file)
  } catch (error) {
    const reason = errorCode(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)
    throw new HelixError('usage', `${file}: ${reason}`, {code: 'FILE_UNREADABLE', cause: error})
  }
  if (data.length <= LARGEST_FILE) return data
  throw new HelixError('usage', `${file} is larger than ${LARGEST_FILE / 1024 ** 2} MiB`, {code: 'FILE_TOO_LARGE'})
}

function decodeText(data: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', {fatal: true}).decode(data)
  } catch {
    return undefined
  }
}

function toolsError(file: string, problem: string): HelixError {
  return new HelixError('usage', `${file}: ${problem}`, {code: 'TOOLS_INVALID', hint: 'Each is {"name": …, "description": …, "parameters": JSON Schema}.'})
}
