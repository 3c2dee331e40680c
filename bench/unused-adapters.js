// What the adapters add to commands that use none of them: this build beside one without any adapter.
// @ts-check
import {execFileSync} from 'node:child_process'
import {cpSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {makeHelixHome} from '../test/fixtures/helix.js'
import {line, measureRounds, median, show, verdict} from './rounds.js'
import {time} from './start-up.js'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const ROUNDS = 25
const HOOK = 'helix:provider'
// The first two load no adapter; the list asks the hook of each for its name.
const COMMANDS = [
  {words: ['--version'], most: 1.1},
  {words: ['task', 'list'], most: 1.1},
  {words: ['provider', 'list'], most: undefined},
]

export async function measureUnused() {
  const home = makeHelixHome()
  try {
    const {hooks} = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).oclif
    const without = buildWithoutAdapters(join(home.root, 'without'))
    console.log(
      `${ROUNDS} rounds, output to a pipe, caches warm: Helix with its ${hooks[HOOK].length} adapters, and built of the same sources without src/plugins.\n`,
    )
    const peers = COMMANDS.flatMap(({words}) => [
      [nameOf(words), () => time([join(ROOT, 'bin/run.js'), ...words], home.env)],
      [`${nameOf(words)}, without`, () => time([join(without, 'bin/run.js'), ...words], home.env)],
    ])
    const figures = await measureRounds({'node -e 0': () => time(['-e', '0'], home.env), ...Object.fromEntries(peers)}, ROUNDS)
    for (const [name, values] of Object.entries(figures)) line(name, show(values, 'ms'))
    const ratio = (/** @type {string} */ one, /** @type {string} */ other) => median(figures[one] ?? []) / median(figures[other] ?? [])
    for (const {words, most} of COMMANDS) {
      const name = nameOf(words)
      line(`${name} / node -e 0`, verdict(ratio(name, 'node -e 0'), {}))
      line(`${name} / without adapters`, verdict(ratio(name, `${name}, without`), most === undefined ? {} : {most}))
    }
  } finally {
    rmSync(home.root, {force: true, recursive: true})
  }
}

/** @param {string[]} words */
function nameOf(words) {
  return `helix ${words.join(' ')}`
}

/** @param {string} folder is made */
function buildWithoutAdapters(folder) {
  mkdirSync(folder)
  const plugins = join(ROOT, 'src/plugins')
  for (const name of ['bin', 'migrations', 'scripts', 'src', 'templates', 'tsconfig.json']) {
    cpSync(join(ROOT, name), join(folder, name), {recursive: true, filter: (path) => path !== plugins})
  }
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  delete manifest.oclif.hooks[HOOK]
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest))
  execFileSync(process.execPath, ['scripts/build.js'], {cwd: folder, stdio: 'inherit'})
  return folder
}
