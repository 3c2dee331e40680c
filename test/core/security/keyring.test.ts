import {spawn, spawnSync} from 'node:child_process'
import {mkdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {expect, it} from '@jest/globals'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {finish, makeHelixHome} from '../../fixtures/helix.js'

const BIN = fileURLToPath(new URL('../../../bin/run.js', import.meta.url))
const missing = ['dbus-run-session', 'gnome-keyring-daemon'].filter((program) => spawnSync(program, ['--version']).error)

// A bus of its own with an unlocked keyring on it, as a desktop has one.
const SESSION = `printf 'password\\n' | gnome-keyring-daemon --unlock --components=secrets >/dev/null 2>&1; "$1" "$2" provider login openai && "$1" "$2" provider list --json && "$1" "$2" provider logout openai && "$1" "$2" provider list --json`

describeUnless(missing.length > 0 ? `${missing.join(' and ')} not installed` : undefined, "an API key in the operating system's keyring", () => {
  it('is kept there and nowhere else, and is gone after logout', async () => {
    const home = makeHelixHome()
    for (const folder of ['.cache', '.local/share']) mkdirSync(join(home.root, folder), {recursive: true})
    const session = spawn('dbus-run-session', ['--', 'sh', '-c', SESSION, 'sh', process.execPath, BIN], {env: home.env, stdio: 'pipe'})
    const {code, stdout} = await finish(session, 'sk-in-the-keyring\n')
    expect(code).toBe(0)
    expect(stdout).toContain('"key": "keyring:provider/openai"')
    expect(stdout.slice(stdout.indexOf('Removed the key of openai.'))).toContain('"key": null')
    expect(readFileSync(join(home.dataDir, 'secrets.json'), 'utf8')).toBe('{\n  "version": 1,\n  "secrets": {}\n}\n')
  })
})
