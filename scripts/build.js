// Bundles src into dist: one file with all that most commands load, one for each heavy package, and a stub for each command.
import {createHash} from 'node:crypto'
import {globSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {dirname, extname, resolve} from 'node:path'
import {fileURLToPath} from 'node:url'
import {build} from 'esbuild'
import {writeManifest} from './manifest.js'
import {buildProviderApi} from './provider-api.js'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const started = new Date()
const {dependencies} = JSON.parse(readFileSync('package.json', 'utf8'))
const BUNDLE = 'dist/helix.cjs'
const commands = globSync('src/commands/**/*.ts').map((file) => file.replaceAll('\\', '/'))
const plugins = globSync('src/plugins/*/plugin.ts').map((file) => file.replaceAll('\\', '/'))

// Packages that few commands need; they are read when somebody asks for them.
const SEPARATE = ['ajv', 'ajv/dist/2020.js', 'cosmiconfig', 'execa', 'groq-sdk', 'openai', 'pg', 'ssh-config', 'ssh2', 'undici', 'write-file-atomic', 'yaml']
// Drivers that knex, pg and ssh2 load only when asked for by name, and that Helix never asks for.
const NEVER_LOADED = ['mysql', 'mysql2', 'sqlite3', 'oracledb', 'tedious', 'pg-native', 'pg-query-stream', 'mariadb', 'cpu-features', '*.node', 'typescript']

const common = {
  // bin/load-bundle.js runs the bundle as a script, which has neither of these; Node's own loader has the first.
  banner: {js: "var __import=module.import??((id)=>import(id)),__url=require('node:url').pathToFileURL(__filename).href;"},
  bundle: true,
  define: {'import.meta.url': '__url'},
  format: 'cjs',
  legalComments: 'none',
  logLevel: 'warning',
  minifySyntax: true,
  minifyWhitespace: true,
  platform: 'node',
  // A literal import() becomes a require: what it names is in the bundle, or beside it.
  supported: {'dynamic-import': false},
  target: 'node22.18',
  write: false,
}

/** Leaves the heavy packages out of the bundle, wherever it asks for them. */
const separatePackages = {
  name: 'separate-packages',
  setup({onResolve}) {
    onResolve({filter: new RegExp(`^(${SEPARATE.join('|')})$`)}, ({kind, path, importer}) =>
      kind === 'import-statement' && !importer.includes('node_modules')
        ? {errors: [{text: `${path} is heavy: load it with import() where it is used`}]}
        : {external: true, path: `./packages/${path}.cjs`},
    )
  },
}

/** Keeps the import() of a path that is only known at run time, of a migration or of somebody else's plugin, and that of the views. */
const realImports = {
  name: 'real-imports',
  setup({onLoad}) {
    onLoad({filter: /\.[cm]?[jt]s$/}, async ({path}) => {
      const text = (await readFile(path, 'utf8')).replace("await import('../ui/views.js')", "await import(new URL('views.js', import.meta.url).href)")
      // Not where it stands in a text, as in `import(${name})`.
      const computed = /\bimport\((?!['")]|\$\{)/g
      if (text.search(computed) < 0) return undefined
      return {contents: text.replaceAll(computed, '__import('), loader: /ts$/.test(extname(path)) ? 'ts' : 'js'}
    })
  },
}

/** oclif's parts by themselves: its index also loads what no command needs, and checks the version of Node with the whole of semver. */
const oclifParts = {
  name: 'oclif-parts',
  setup({onLoad, onResolve}) {
    onResolve({filter: /^@oclif\/core$/}, () => ({namespace: 'oclif-parts', path: 'index'}))
    onLoad({filter: /.*/, namespace: 'oclif-parts'}, () => ({
      contents: `
        export * as Args from '@oclif/core/args'
        export * as Flags from '@oclif/core/flags'
        export {Command} from '@oclif/core/command'
        export {run} from '@oclif/core/run'`,
      resolveDir: '.',
    }))
  },
}

/** The fetch of undici without its mocks, caches and web sockets. */
const undiciParts = {
  name: 'undici-parts',
  setup({onLoad, onResolve}) {
    onResolve({filter: /^undici$/}, () => ({namespace: 'undici-parts', path: 'undici'}))
    onLoad({filter: /.*/, namespace: 'undici-parts'}, () => ({
      contents: `
        export {default as EnvHttpProxyAgent} from 'undici/lib/dispatcher/env-http-proxy-agent.js'
        export {fetch} from 'undici/lib/web/fetch/index.js'`,
      resolveDir: '.',
    }))
  },
}

/** Ink without its door for React's developer tools, which are not there. */
const noDevtools = {
  name: 'no-devtools',
  setup({onLoad}) {
    onLoad({filter: /\/ink\/build\/devtools\.js$/}, () => ({contents: ''}))
  },
}

const entry = [...commands, ...plugins].map((file) => `export {default as ${JSON.stringify(idOf(file))}} from './${file}'`)
const bundle = build({
  ...common,
  external: [...Object.keys(dependencies), ...NEVER_LOADED],
  outfile: BUNDLE,
  plugins: [oclifParts, separatePackages, realImports],
  stdin: {contents: ["export {main} from './src/cli/main.ts'", ...entry].join('\n'), loader: 'ts', resolveDir: '.'},
})
// What starts attempts on a worker has to be there at once, so it is nothing but itself.
const agent = build({...common, entryPoints: ['src/agent.ts'], outfile: 'dist/agent.cjs'})
const packages = build({
  ...common,
  entryPoints: Object.fromEntries(SEPARATE.map((name) => [name, name])),
  external: NEVER_LOADED,
  outdir: 'dist/packages',
  plugins: [undiciParts],
  outExtension: {'.js': '.cjs'},
})
// A module, since Ink waits for its layout engine where a require cannot wait.
const views = build({
  ...common,
  banner: {js: "import {createRequire} from 'node:module';const require=createRequire(import.meta.url);"},
  define: {'process.env.NODE_ENV': '"production"'},
  entryPoints: ['src/ui/views.tsx'],
  format: 'esm',
  outfile: 'dist/views.js',
  plugins: [noDevtools],
  supported: {},
})
const api = buildProviderApi({...common, banner: {}, define: {}, external: Object.keys(dependencies), plugins: [separatePackages], supported: {}})
const [providerApi, ...results] = await Promise.all([api, packages, views, bundle, agent]).catch((error) => {
  // esbuild has said itself what is wrong.
  if (!error.errors) console.error(error.message)
  process.exit(1)
})
const outputs = results
  .flatMap(({outputFiles}) => outputFiles)
  .map(({contents, path}) => ({path, text: Buffer.from(contents).toString('latin1')}))
  // Names the content: whoever keeps compiled code of the bundle must not use it for another one.
  .map(({path, text}) =>
    path === resolve(BUNDLE) ? {path, text: `${text}//# ${createHash('sha256').update(text, 'latin1').digest('hex').slice(0, 32)}\n`} : {path, text},
  )
// oclif loads a command, or a target of a hook, by its path.
const stubs = [...commands, ...plugins].map((file) => {
  const path = resolve(file.replace(/^src/, 'dist').replace(/ts$/, 'cjs'))
  const up = '../'.repeat(file.split('/').length - 2)
  return {path, text: `module.exports = require('${up}helix.cjs')[${JSON.stringify(idOf(file))}]\n`}
})

// A helix may be running from dist: files change whole, those that others load before them, and old ones go last.
const files = [...outputs, ...providerApi, ...stubs]
for (const {path, text} of files) {
  mkdirSync(dirname(path), {recursive: true})
  writeFileSync(`${path}.${process.pid}`, text, 'latin1')
  renameSync(`${path}.${process.pid}`, path)
}
const built = new Set(files.map(({path}) => path))
for (const path of globSync('dist/**/*.{cjs,js,ts,css,map}')) if (!built.has(resolve(path))) rmSync(path, {force: true})

await writeManifest()
// What changed while esbuild was reading must count as newer than this build.
utimesSync(BUNDLE, started, started)

function idOf(file) {
  return file
    .replace(/^src\/(commands\/)?/, '')
    .slice(0, -extname(file).length)
    .replaceAll('/', ':')
}
