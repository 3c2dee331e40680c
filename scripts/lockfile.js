// Keeps package-lock.json usable everywhere. npm leaves out the platform packages that the registry it was asked did not offer at that
// moment, and "npm ci" then fails for everybody; their versions are pinned by the package that wants them, so the entries can be completed.
import {globSync, readFileSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {isDeepStrictEqual} from 'node:util'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const FILE = join(ROOT, 'package-lock.json')
const OS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
// What some packages call their systems.
const ALIASES = {mac: 'darwin', win: 'win32'}
const CPU = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64']

const lock = JSON.parse(readFileSync(FILE, 'utf8'))
const packages = completed(lock.packages)
const faults = Object.entries(packages).flatMap(([path, entry]) => faultsOf(path, entry))

if (!isDeepStrictEqual(packages, lock.packages)) {
  writeFileSync(FILE, `${JSON.stringify({...lock, packages}, null, 2)}\n`)
  faults.push('package-lock.json was incomplete and is completed; commit it')
}
for (const fault of faults) console.error(fault)
console.log(`${Object.keys(packages).length} packages, ${faults.length} faults`)
if (faults.length > 0) process.exitCode = 1

function completed(present) {
  const all = {...present}
  for (const owner of Object.values(present)) {
    for (const [name, version] of Object.entries(owner.optionalDependencies ?? {})) {
      const platform = platformOf(name)
      if (!all[`node_modules/${name}`] && platform && /^\d/.test(version)) {
        all[`node_modules/${name}`] = {
          version,
          cpu: platform.cpu,
          ...(owner.dev && {dev: true}),
          ...(platform.libc && {libc: platform.libc}),
          optional: true,
          os: platform.os,
        }
      }
    }
  }
  for (const path of builtWithoutNeed()) if (all[path]) all[path] = {...all[path], gypfile: false}
  // npm's own order, so that its next run changes nothing.
  return Object.fromEntries(Object.entries(all).sort(([a], [b]) => a.localeCompare(b, 'en')))
}

// A package with a binding.gyp and ready binaries says "gypfile": false, so that npm compiles nothing. npm does not copy that into the lock
// and then compiles it in "npm ci" only. It does heed it there; "allowScripts" in package.json does the same, but only in newer npm 11 and in npm 12.
function builtWithoutNeed() {
  return globSync('node_modules/{*,@*/*}/binding.gyp', {cwd: ROOT})
    .map(dirname)
    .filter((path) => JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')).gypfile === false)
}

function platformOf(name) {
  const words = name.split(/[/-]/)
  const os = words.map((word) => ALIASES[word] ?? word).find((word) => OS.includes(word))
  const cpu = words.find((word) => CPU.includes(word))
  if (!os || !cpu) return
  const libc = words.find((word) => word.startsWith('musl')) ? 'musl' : words.find((word) => word.startsWith('gnu')) && 'glibc'
  return {cpu: [cpu], ...(libc && os === 'linux' && {libc: [libc]}), os: [os]}
}

function faultsOf(path, entry) {
  return [
    // An address would tie everybody to the registry of whoever installed last.
    ...(entry.resolved === undefined ? [] : [`${path} has a resolved address; .npmrc has omit-lockfile-registry-resolved for that`]),
    ...(path === '' || entry.version || entry.link ? [] : [`${path} has no version`]),
  ]
}
