// Makes a plugin package of a built-in provider, as anybody's plugin would be: `node scripts/pack-provider.js ID FOLDER`, then `npm pack FOLDER`.
import {copyFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {build} from 'esbuild'

const [id, folder] = process.argv.slice(2)
if (!id || !folder) {
  console.error('usage: node scripts/pack-provider.js ID FOLDER')
  process.exit(2)
}
const source = join(fileURLToPath(new URL('../src/plugins', import.meta.url)), id)

/** In a package of its own a provider has of Helix what every plugin has. */
const contract = {
  name: 'contract',
  setup({onResolve}) {
    onResolve({filter: /\/core\/(providers|errors)\//}, () => ({external: true, path: 'helix-cli/provider'}))
  },
}

await build({
  bundle: true,
  entryPoints: [join(source, 'plugin.ts')],
  format: 'esm',
  logLevel: 'warning',
  outdir: folder,
  packages: 'external',
  platform: 'node',
  plugins: [contract],
  splitting: true,
  target: 'node22.18',
})
for (const file of ['package.json', 'README.md']) copyFileSync(join(source, file), join(folder, file))
