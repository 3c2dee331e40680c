import {HelixError} from '../errors/helix-error.js'
import {showProblem} from './config-error.js'
import type {ConfigPath} from './config-path.js'
import {configSchema} from './schema.js'
import {childNode, type SchemaNode} from './schema-nodes.js'
import {type ConfigProblem, unknownKey} from './validate-value.js'

/** The schema of the setting under a path, or what is wrong with the path. */
export function schemaAt(path: ConfigPath): {node: SchemaNode} | {problem: ConfigProblem} {
  let node: SchemaNode = configSchema
  for (const [index, key] of path.entries()) {
    const child = childNode(node, key)
    if (child === undefined) return {problem: {path: path.slice(0, index + 1), message: unknownKey(key, node)}}
    node = child
  }
  return {node}
}

/** The schema of the setting under a path. Throws kind `config` where there is no such setting. */
export function requireNode(path: ConfigPath): SchemaNode {
  const found = schemaAt(path)
  if ('node' in found) return found.node
  throw new HelixError('config', showProblem(found.problem), {code: 'CONFIG_UNKNOWN', hint: 'All settings: helix config schema'})
}
