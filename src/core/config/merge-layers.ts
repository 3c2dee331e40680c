import type {ConfigPath} from './config-path.js'
import {isPlainObject} from './plain-object.js'
import {childNode, type SchemaNode} from './schema-nodes.js'

/** Where a value comes from. */
export type ConfigOrigin = {source: 'default'} | {source: 'user' | 'project'; file: string} | {source: 'environment'; variable: string}

/** The settings of one source. */
export interface ConfigLayer {
  origin: ConfigOrigin
  settings: Record<string, unknown>
}

/** Layers on top of each other. Lists are values: a later one replaces an earlier one. */
export interface MergedSettings {
  settings: Record<string, unknown>
  /** Where the value under a path comes from; the default unless a layer sets it. */
  originOf(path: ConfigPath): ConfigOrigin
}

/** Merges layers key by key; a later one wins. */
export function mergeLayers(layers: readonly ConfigLayer[]): MergedSettings {
  const settings: Record<string, unknown> = {}
  const origins = new Map<string, ConfigOrigin>()
  for (const layer of layers) {
    mergeObject(settings, layer.settings, [], (path) => origins.set(JSON.stringify(path), layer.origin))
  }
  return {settings, originOf: (path) => origins.get(JSON.stringify(path)) ?? {source: 'default'}}
}

function mergeObject(target: Record<string, unknown>, source: Record<string, unknown>, path: ConfigPath, record: (path: ConfigPath) => void): void {
  for (const [key, value] of Object.entries(source)) {
    const here = [...path, key]
    if (!isPlainObject(value)) {
      target[key] = value
      record(here)
      continue
    }
    const existing = Object.hasOwn(target, key) ? target[key] : undefined
    const child: Record<string, unknown> = isPlainObject(existing) ? existing : {}
    target[key] = child
    mergeObject(child, value, here, record)
  }
}

/** A copy of `value` in the order of the schema, in which every setting that is absent has its default. */
export function fillDefaults(value: unknown, node: SchemaNode): unknown {
  if (!isPlainObject(value)) return value
  const properties = Object.entries(node.properties ?? {})
  const known = properties.map(([key, child]): [string, unknown] => [key, Object.hasOwn(value, key) ? value[key] : structuredClone(child.default)])
  const others = Object.entries(value).filter(([key]) => !Object.hasOwn(node.properties ?? {}, key))
  const present = [...known, ...others].filter(([, child]) => child !== undefined)
  return Object.fromEntries(present.map(([key, child]) => [key, fillDefaults(child, childNode(node, key) ?? {})]))
}

/** The paths of all values, an empty object being a value too. */
export function listPaths(value: unknown, path: ConfigPath = []): ConfigPath[] {
  if (!isPlainObject(value) || Object.keys(value).length === 0) return path.length === 0 ? [] : [path]
  return Object.entries(value).flatMap(([key, child]) => listPaths(child, [...path, key]))
}
