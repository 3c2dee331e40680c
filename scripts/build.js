// Bundles src into dist: one entry for each command, shared chunks, what cannot be bundled stays a dependency.
import {execFileSync} from 'node:child_process'
import {globSync, readFileSync, rmSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {build} from 'esbuild'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const {dependencies, version} = JSON.parse(readFileSync('package.json', 'utf8'))

// Drivers that knex, pg and ssh2 load only when asked for by name, and that Helix never asks for.
const neverLoaded = ['mysql', 'mysql2', 'sqlite3', 'oracledb', 'tedious', 'pg-native', 'pg-query-stream', 'mariadb', 'cpu-features', '*.node', 'typescript']

rmSync('dist', {force: true, recursive: true})
await build({
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
})
execFileSync(process.execPath, ['node_modules/oclif/bin/run.js', 'manifest'], {stdio: ['ignore', 'ignore', 'inherit']})
