// Bundles src into dist: one file with all that most commands load, one for each heavy package, and a stub for each command.
import {createHash} from 'node:crypto'
import {globSync, mkdirSync, readFileSync, renameSync, rmSync, utimesSync, writeFileSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {dirname, extname, resolve} from 'node:path'
import {fileURLToPath} from 'node:url'
import {build} from 'esbuild'
import {writeManifest} from './manifest.js'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const started = new Date()
const {dependencies} = JSON.parse(readFileSync('package.json', 'utf8'))
const BUNDLE = 'dist/helix.cjs'
const commands = globSync('src/commands/**/*.ts').map((file) => file.replaceAll('\\', '/'))

// Packages that few commands need; they are read when somebody asks for them.
const SEPARATE = ['cosmiconfig', 'execa', 'pg', 'ssh-config', 'ssh2', 'write-file-atomic', 'yaml']
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

/** Keeps the import() of a path that is only known at run time: of a migration, or of somebody else's plugin. */
const realImports = {
  name: 'real-imports',
  setup({onLoad}) {
    onLoad({filter: /\.[cm]?[jt]s$/}, async ({path}) => {
      const text = await readFile(path, 'utf8')
      if (!/\bimport\((?!['")])/.test(text)) return undefined
      return {contents: text.replace(/\bimport\((?!['")])/g, '__import('), loader: /ts$/.test(extname(path)) ? 'ts' : 'js'}
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

const entry = commands.map((file) => `export {default as ${JSON.stringify(idOf(file))}} from './${file}'`)
const bundle = build({
  ...common,
  external: [...Object.keys(dependencies), ...NEVER_LOADED],
  outfile: BUNDLE,
  plugins: [oclifParts, separatePackages, realImports],
  stdin: {contents: ["export {main} from './src/cli/main.ts'", ...entry].join('\n'), loader: 'ts', resolveDir: '.'},
})
const packages = build({
  ...common,
  entryPoints: SEPARATE,
  external: NEVER_LOADED,
  outdir: 'dist/packages',
  outExtension: {'.js': '.cjs'},
})
const outputs = (await Promise.all([packages, bundle]).catch(() => process.exit(1))) // esbuild has said what is wrong
  .flatMap(({outputFiles}) => outputFiles)
  .map(({contents, path}) => ({path, text: Buffer.from(contents).toString('latin1')}))
  // Names the content: whoever keeps compiled code of the bundle must not use it for another one.
  .map(({path, text}) =>
    path === resolve(BUNDLE) ? {path, text: `${text}//# ${createHash('sha256').update(text, 'latin1').digest('hex').slice(0, 32)}\n`} : {path, text},
  )
const stubs = commands.map((file) => {
  const path = resolve(`dist/commands/${idOf(file).replaceAll(':', '/')}.cjs`)
  const up = '../'.repeat(idOf(file).split(':').length)
  return {path, text: `module.exports = require('${up}helix.cjs')[${JSON.stringify(idOf(file))}]\n`}
})

// A helix may be running from dist: files change whole, those that others load before them, and old ones go last.
const files = [...outputs, ...stubs]
for (const {path, text} of files) {
  mkdirSync(dirname(path), {recursive: true})
  writeFileSync(`${path}.${process.pid}`, text, 'latin1')
  renameSync(`${path}.${process.pid}`, path)
}
const built = new Set(files.map(({path}) => path))
for (const path of globSync('dist/**/*.{cjs,js,css,map}')) if (!built.has(resolve(path))) rmSync(path, {force: true})

await writeManifest()
// What changed while esbuild was reading must count as newer than this build.
utimesSync(BUNDLE, started, started)

function idOf(file) {
  return file.slice('src/commands/'.length, -extname(file).length).replaceAll('/', ':')
}
