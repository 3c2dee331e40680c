import {createRequire, registerHooks} from 'node:module'
import {join} from 'node:path'
import {pathToFileURL} from 'node:url'

const NAME = 'helix-cli/provider'
let isProvided = false

/**
 * Makes `helix-cli/provider` of every plugin that of the Helix that runs, wherever the plugin is and whatever stands in its node_modules: so
 * does a linked folder without any, and one that was installed by another version of Helix.
 */
export function provideApi(packageRoot: string): void {
  if (isProvided) return
  isProvided = true
  const url = pathToFileURL(createRequire(join(packageRoot, 'package.json')).resolve(NAME)).href
  registerHooks({resolve: (specifier, context, next) => (specifier === NAME ? {url, shortCircuit: true} : next(specifier, context))})
}
