// What plugins import: helix-cli/provider and helix-cli/provider/testing, as ES modules with their declarations.
import {resolve} from 'node:path'
import {build} from 'esbuild'
import ts from 'typescript'

const ENTRIES = {'provider-api': 'src/provider-api.ts', 'provider-testing': 'src/core/providers/testing/conformance.ts'}

/** The files of both, as {path, text}, to be written below `dist`. */
export async function buildProviderApi(options) {
  const {outputFiles} = await build({...options, entryPoints: ENTRIES, format: 'esm', outdir: 'dist', splitting: true, chunkNames: 'provider-[hash]'})
  const modules = outputFiles.map(({contents, path}) => ({path, text: Buffer.from(contents).toString('latin1')}))
  return [...modules, ...declarations(Object.values(ENTRIES))]
}

function declarations(entries) {
  const {options} = ts.parseJsonConfigFileContent(ts.readConfigFile('tsconfig.json', ts.sys.readFile).config, ts.sys, '.')
  const only = {...options, declaration: true, emitDeclarationOnly: true, noCheck: true, noEmit: false, outDir: 'dist/types', rootDir: 'src'}
  const files = []
  // Files are written as latin1.
  ts.createProgram(entries, only).emit(undefined, (path, text) => files.push({path: resolve(path), text: Buffer.from(text).toString('latin1')}))
  return files
}
