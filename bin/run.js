#!/usr/bin/env node
// Node refuses modules it cannot parse before any check runs, so everything newer is imported after it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`helix needs Node 22.18 or newer and was started on ${process.versions.node}: install a newer Node, or run it inside a clone with npx\n`)
  process.exit(78)
}

const {readFileSync} = await import('node:fs')
const pkg = new URL('../package.json', import.meta.url)

// oclif costs twice the start of Node itself; the version needs none of it.
if (process.argv.length === 3 && (process.argv[2] === '--version' || process.argv[2] === '-v')) {
  const {version} = JSON.parse(readFileSync(pkg, 'utf8'))
  process.stdout.write(`helix-cli/${version} ${process.platform}-${process.arch} node-${process.version}\n`)
} else {
  const {enableCompileCache} = await import('node:module')
  const {homedir} = await import('node:os')
  const {join} = await import('node:path')
  const cache = process.env.HELIX_CACHE_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'helix')
  enableCompileCache(join(cache, 'compile'))
  const {main} = await import('../dist/cli/main.js')
  await main(process.argv.slice(2), pkg)
}
