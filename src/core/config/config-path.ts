import {HelixError} from '../errors/helix-error.js'
import {quoteText} from '../show-text.js'
import {isForbiddenKey} from './document-limits.js'
import {isPlainObject} from './plain-object.js'

/** The keys that lead to a setting, outermost first. */
export type ConfigPath = readonly string[]

const SEGMENT = /(?:^|\.)([^.[\]"]+)|\[("(?:[^"\\]|\\.)*")\]/y

/** Splits `workers.pool["gpu.example"].port`; a key with dots stands in brackets and quotes. Throws kind `usage`. */
export function parsePath(text: string): ConfigPath {
  const path: string[] = []
  SEGMENT.lastIndex = 0
  let position = 0
  while (position < text.length) {
    const match = SEGMENT.exec(text)
    if (!match) throw invalidPath(text)
    path.push(match[1] ?? unquote(match[2] ?? '', text))
    position = SEGMENT.lastIndex
  }
  if (path.length === 0 || path.some(isForbiddenKey)) throw invalidPath(text)
  return path
}

/** Writes a path as `parsePath` reads it, on one line. */
export function formatPath(path: ConfigPath): string {
  return path.map((key, index) => (/^[\w-]{1,64}$/.test(key) ? `${index === 0 ? '' : '.'}${key}` : `[${quoteText(key)}]`)).join('')
}

/** The value under a path, undefined where there is none. */
export function valueAt(root: unknown, path: ConfigPath): unknown {
  let value = root
  for (const key of path) {
    if (!isPlainObject(value) || !Object.hasOwn(value, key)) return undefined
    value = value[key]
  }
  return value
}

/** A copy of `root` with the value under `path` replaced; objects on the way are created. */
export function withValueAt(root: unknown, path: ConfigPath, value: unknown): unknown {
  const [key, ...rest] = path
  if (key === undefined) return value
  const object = isPlainObject(root) ? root : {}
  return {...object, [key]: withValueAt(Object.hasOwn(object, key) ? object[key] : undefined, rest, value)}
}

/** A copy of `root` without the value under `path`, nor the objects that this leaves empty. */
export function withoutValueAt(root: Record<string, unknown>, path: ConfigPath): Record<string, unknown> {
  const [key, ...rest] = path
  if (key === undefined || !Object.hasOwn(root, key)) return root
  const {[key]: child, ...others} = root
  if (rest.length === 0 || !isPlainObject(child)) return others
  const left = withoutValueAt(child, rest)
  return Object.keys(left).length === 0 ? others : {...root, [key]: left}
}

/** True where `path` is `ancestor` or lies below it. */
export function isWithin(path: ConfigPath, ancestor: ConfigPath): boolean {
  return ancestor.every((key, index) => path[index] === key)
}

function unquote(quoted: string, text: string): string {
  try {
    return JSON.parse(quoted)
  } catch {
    throw invalidPath(text)
  }
}

function invalidPath(text: string): HelixError {
  return new HelixError('usage', `${quoteText(text)} is not the path of a setting`, {
    code: 'CONFIG_PATH_INVALID',
    hint: 'Write it like workers.max_concurrent_tasks; a key with dots in brackets and quotes: workers.pool["gpu.example"].port',
  })
}
