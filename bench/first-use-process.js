// The command `helix provider test ID`, which says on stderr when it opens the adapter: `node first-use-process.js ID MODEL`.
// @ts-check
import {createRequire} from 'node:module'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {loadBundle} from '../bin/load-bundle.js'

const [id = '', model = ''] = process.argv.slice(2)
const {main} = /** @type {{main: (argv: string[], pkg: URL) => Promise<void>}} */ (
  loadBundle(join(String(process.env.HELIX_CACHE_DIR), 'code'), 'provider test')
)
const require = createRequire(import.meta.url)
const path = fileURLToPath(new URL('../dist/helix.cjs', import.meta.url))
const bundle = require(path)
const cached = /** @type {NodeJS.Module} */ (require.cache[path])
cached.exports = new Proxy(bundle, {get: (_, name) => (name === `plugins:${id}:plugin` ? loadPlugin : bundle[name])})
await main(['provider', 'test', id, '--model', model], new URL('../package.json', import.meta.url))

async function loadPlugin() {
  const plugin = await bundle[`plugins:${id}:plugin`]()
  const open = (/** @type {unknown} */ options) => {
    process.stderr.write(`begun ${process.hrtime.bigint()}\n`)
    return plugin.open(options)
  }
  return {...plugin, open}
}
