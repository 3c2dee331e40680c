// Bundles src into dist: one entry for each command, shared chunks, what cannot be bundled stays a dependency.
import {globSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync} from 'node:fs'
import {dirname, relative} from 'node:path'
import {fileURLToPath} from 'node:url'
import {build} from 'esbuild'
import {writeManifest} from './manifest.js'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const started = new Date()
const {dependencies, version} = JSON.parse(readFileSync('package.json', 'utf8'))

// Drivers that knex, pg and ssh2 load only when asked for by name, and that Helix never asks for.
const neverLoaded = ['mysql', 'mysql2', 'sqlite3', 'oracledb', 'tedious', 'pg-native', 'pg-query-stream', 'mariadb', 'cpu-features', '*.node', 'typescript']

const {outputFiles} = await build({
  banner: {
    js: "import {createRequire as __createRequire} from 'node:module'; import {fileURLToPath as __toPath} from 'node:url'; const require = __createRequire(import.meta.url); const __filename = __toPath(import.meta.url); const __dirname = __toPath(new URL('.', import.meta.url));",
  },
  bundle: true,
  chunkNames: 'chunks/[name]-[hash]',
  define: {'process.env.HELIX_VERSION': JSON.stringify(version)},
  entryPoints: ['src/cli/main.ts', ...globSync('src/commands/**/*.ts')],
  external: [...Object.keys(dependencies), ...neverLoaded],
  format: 'esm',
  legalComments: 'none',
  logLevel: 'warning',
  minifySyntax: true,
  minifyWhitespace: true,
  outbase: 'src',
  outdir: 'dist',
  platform: 'node',
  splitting: true,
  target: 'node22.18',
  write: false,
}).catch(() => process.exit(1)) // esbuild has said what is wrong

// A helix may be running from dist: files change whole, chunks before the entries that import them, and the old ones go last.
const isChunk = (file) => file.path.includes('/chunks/')
for (const file of [...outputFiles.filter(isChunk), ...outputFiles.filter((one) => !isChunk(one))]) {
  mkdirSync(dirname(file.path), {recursive: true})
  const staged = `${file.path}.${process.pid}`
  writeFileSync(staged, file.contents)
  renameSync(staged, file.path)
}
const built = new Set(outputFiles.map((file) => relative('.', file.path)))
for (const path of globSync('dist/**/*.{js,css,map}')) if (!built.has(path)) rmSync(path, {force: true})

await writeManifest()
// What changed while esbuild was reading must count as newer than this build.
utimesSync('dist/cli/main.js', started, started)
