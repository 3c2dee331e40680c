// `npm run check`: everything that CI holds a change to. It stops at the first step that fails. --no-tests leaves out the longest.
import {fileURLToPath} from 'node:url'
import {run} from './run.js'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const node = (...args) => [process.execPath, args]
const steps = {
  'format and lint': node('node_modules/@biomejs/biome/bin/biome', 'check', '--error-on-warnings'),
  types: node('node_modules/typescript/bin/tsc'),
  boundaries: node('scripts/boundaries.js'),
  'unused code': node('node_modules/knip/bin/knip.js', '--no-progress'),
  build: node('scripts/build.js'),
  'generated files': node('scripts/generated.js'),
  lockfile: node('scripts/lockfile.js'),
  'commit messages': node('scripts/commits.js'),
  ...(process.argv.includes('--no-tests') ? {} : {tests: node('scripts/test.js')}),
}

for (const [name, [command, args]] of Object.entries(steps)) {
  console.log(`==> ${name}`)
  const code = await run(command, args)
  if (code !== 0) {
    console.error(`==> ${name}: failed`)
    process.exit(code)
  }
}
console.log(`==> all ${Object.keys(steps).length} steps passed`)
