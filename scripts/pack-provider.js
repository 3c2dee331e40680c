// Makes a plugin package of a built-in provider, as anybody's plugin would be: `node scripts/pack-provider.js ID FOLDER`, then `npm pack FOLDER`.
import {copyFileSync} from 'node:fs'
import {join, resolve} from 'node:path'
import {fileURLToPath} from 'node:url'
import {build} from 'esbuild'

const [id, folder] = process.argv.slice(2)
if (!id || !folder) {
  console.error('usage: node scripts/pack-provider.js ID FOLDER')
  process.exit(2)
}
const source = join(fileURLToPath(new URL('../src/plugins', import.meta.url)), id)

/** Of what Helix has, all that plugins are given. A package brings its copy of what only providers that come with Helix share. */
const CONTRACT = /[/\\]core[/\\](errors|providers)[/\\](?!chat-completions[/\\])/

const contract = {
  name: 'contract',
  setup({onResolve}) {
    onResolve({filter: /^\.{1,2}\//}, ({path, resolveDir}) =>
      CONTRACT.test(resolve(resolveDir, path)) ? {external: true, path: 'helix-cli/provider'} : undefined,
    )
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
