// Brings oclif.manifest.json and docs/commands/ up to date, and fails when they were not: here, or (in CI) as they were committed.
import {execFileSync} from 'node:child_process'
import {fileURLToPath} from 'node:url'
import {MANIFEST, writeManifest} from './manifest.js'
import {writeReference} from './reference.js'

process.chdir(fileURLToPath(new URL('..', import.meta.url)))
const changed = [...((await writeManifest()) ? [MANIFEST] : []), ...(await writeReference())]
const stale = new Set([...changed, ...(process.env.CI ? uncommitted() : [])])
if (stale.size === 0) {
  console.log('up to date')
} else {
  console.error(`These were out of date and are written anew; commit them:\n${[...stale].join('\n')}`)
  process.exitCode = 1
}

// Installing builds, and building writes the manifest: only git still knows what was committed.
function uncommitted() {
  try {
    const status = execFileSync('git', ['status', '--porcelain', '--', MANIFEST, 'docs/commands'], {encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore']})
    return status
      .split('\n')
      .filter(Boolean)
      .map((line) => line.slice(3))
  } catch {
    return []
  }
}
