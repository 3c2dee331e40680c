// `npm test`: jest on the right Node against a fresh build, then what was skipped and why, then one line with the counts.
import {existsSync, globSync, readFileSync, rmSync, statSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {run} from './run.js'
import {skippedLines, summary} from './test-report.js'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
if (major < 22 || (major === 22 && minor < 18)) {
  console.error(`The tests need Node 22.18 or newer, this is ${process.versions.node}. Start them with "npm test": after "npm ci" that runs on Node 24.`)
  process.exit(1)
}

if (distIsStale()) {
  const code = await run(process.execPath, ['scripts/build.js'])
  if (code !== 0) process.exit(code)
}

const file = `reports/jest-${process.pid}.json`
const jest = ['--experimental-vm-modules', '--no-warnings', 'node_modules/jest/bin/jest.js', ...process.argv.slice(2)]
const code = await run(process.execPath, jest, {env: {...process.env, HELIX_TEST_REPORT: file}, stdio: ['ignore', 'inherit', 'inherit']})
const results = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined
rmSync(file, {force: true})

const {exitCode, line} = summary(results, code)
for (const skipped of skippedLines(results)) console.log(skipped)
console.log(line)
process.exitCode = exitCode

function distIsStale() {
  if (!existsSync('dist/helix.cjs') || !existsSync('oclif.manifest.json')) return true
  const built = statSync('dist/helix.cjs').mtimeMs
  const sources = globSync(['src/**/*', 'scripts/build.js', 'scripts/manifest.js', 'package.json'])
  return sources.some((path) => statSync(path).mtimeMs > built)
}
