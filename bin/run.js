#!/usr/bin/env node
// Node refuses modules it cannot parse before any check runs, so everything newer is imported after it.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`helix needs Node 22.18 or newer and was started on ${process.versions.node}: install a newer Node, or run it inside a clone with npx\n`)
  process.exit(78)
}

const argv = process.argv.slice(2)
const pkg = new URL('../package.json', import.meta.url)

// oclif costs twice the start of Node itself; the version needs none of it.
if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-v')) {
  const {version} = JSON.parse(process.getBuiltinModule('node:fs').readFileSync(pkg, 'utf8'))
  process.stdout.write(`helix-cli/${version} ${process.platform}-${process.arch} node-${process.version}\n`)
} else {
  const {join} = process.getBuiltinModule('node:path')
  const cache = process.env.HELIX_CACHE_DIR ?? join(process.env.XDG_CACHE_HOME ?? join(process.getBuiltinModule('node:os').homedir(), '.cache'), 'helix')
  const {loadBundle} = await import('./load-bundle.js')
  const words = argv.slice(0, 2).filter((word) => /^[a-z][a-z-]*$/.test(word))
  const {main} = loadBundle(join(cache, 'code'), words.join(' '))
  await main(argv, pkg)
}
