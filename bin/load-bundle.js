// Compiling what a command runs costs three times as much as running it. V8 can keep compiled code; Node's own cache (module.enableCompileCache)
// keeps only what is compiled before anything has run, and most of a bundle of CommonJS packages is compiled later. So the bundle is compiled here,
// and its code is kept as it is when a command ends. See docs/decisions/0004-start-up.md.

// An import of a built-in module makes Node prepare all its exports, fs with its streams too; this does not.
const {mkdirSync, readFileSync, renameSync, writeFileSync} = process.getBuiltinModule('node:fs')
const {createRequire, enableCompileCache} = process.getBuiltinModule('node:module')
const {dirname, join} = process.getBuiltinModule('node:path')
const {fileURLToPath} = process.getBuiltinModule('node:url')
const {Script} = process.getBuiltinModule('node:vm')

// There are fewer; words that are no commands must not make it be written again and again.
const MOST_COMMANDS = 64

/**
 * Loads dist/helix.cjs, with the code that V8 has kept of it in `folder`.
 * @param {string} folder made when it is missing; that it cannot be written is no error
 * @param {string} command the first words of the command line: each command adds what it needed to what is kept
 */
export function loadBundle(folder, command) {
  const filename = fileURLToPath(new URL('../dist/helix.cjs', import.meta.url))
  // esbuild writes ASCII, and latin1 is read without decoding.
  const source = readFileSync(filename, 'latin1')
  const hash = source.slice(source.lastIndexOf('//# ') + 4).trim()
  const kept = readKept(join(folder, `${hash}-${process.version}-${process.arch}`))
  const script = new Script(`(function(exports,require,module,__filename,__dirname){${source}})`, {cachedData: kept.code, filename})
  const commands = script.cachedDataRejected ? [] : kept.commands
  if (!commands.includes(command) && commands.length < MOST_COMMANDS) process.once('exit', () => keep(kept.path, [...commands, command], script))
  // Node leaves nothing of the heavy packages uncompiled either way; its own cache will do for them.
  enableCompileCache(join(folder, 'modules'))
  const require = createRequire(filename)
  const module = {exports: {}, filename, id: filename, import: (id) => import(id), loaded: true}
  // For dist/commands/, which get the bundle with require().
  require.cache[filename] = module
  script.runInThisContext().call(module.exports, module.exports, require, module, filename, dirname(filename))
  return module.exports
}

function readKept(path) {
  try {
    const content = readFileSync(path)
    const end = content.indexOf('\n')
    return {code: content.subarray(end + 1), commands: content.toString('latin1', 0, end).split(','), path}
  } catch {
    return {code: undefined, commands: [], path}
  }
}

function keep(path, commands, script) {
  try {
    mkdirSync(dirname(path), {mode: 0o700, recursive: true})
    const staged = `${path}.${process.pid}`
    writeFileSync(staged, Buffer.concat([Buffer.from(`${commands.join(',')}\n`), script.createCachedData()]), {mode: 0o600})
    renameSync(staged, path)
  } catch {
    // A folder that cannot be written costs time at the next start and nothing else.
  }
}
