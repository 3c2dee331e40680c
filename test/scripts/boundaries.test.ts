import {spawnSync} from 'node:child_process'
import {cpSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {dirname, join} from 'node:path'
import {afterEach, beforeEach, describe, expect, test} from '@jest/globals'

const ROOT = join(import.meta.dirname, '../..')
let folder: string

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'helix-boundaries-')))
  for (const file of ['.dependency-cruiser.js', 'tsconfig.json', 'package.json', 'scripts/boundaries.js']) cpSync(join(ROOT, file), join(folder, file))
  symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
})
afterEach(() => rmSync(folder, {recursive: true}))

function check(files: Record<string, string>): {code: number | null; output: string} {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), {recursive: true})
    writeFileSync(join(folder, file), text)
  }
  const {status, stderr, stdout} = spawnSync(process.execPath, ['scripts/boundaries.js'], {cwd: folder, encoding: 'utf8'})
  return {code: status, output: stdout + stderr}
}

const target = 'export const target = 1\n'
const uses = (path: string): string => `import {target} from '${path}'\nexport const used = target\n`

describe('the import rules', () => {
  test('each crossing of a layer is named, and fails', () => {
    const {code, output} = check({
      'src/cli/output.ts': target,
      'src/cli/wires-a-plugin.ts': uses('../plugins/one/plugin.js'),
      'src/commands/command.ts': target,
      'src/commands/draws.ts': uses('../ui/view.js'),
      'src/core/tasks/circle-a.ts': uses('./circle-b.js'),
      'src/core/tasks/circle-b.ts': `export {used as target} from './circle-a.js'\n`,
      'src/core/tasks/knows-commands.ts': uses('../../commands/command.js'),
      'src/core/tasks/knows-oclif.ts': "import {Command} from '@oclif/core'\nexport class A extends Command {}\n",
      'src/core/tasks/prints.ts': uses('../../cli/output.js'),
      'src/core/tasks/tests.ts': uses('../../../test/fixture.js'),
      'src/core/tasks/task.ts': target,
      'src/plugins/one/plugin.ts': target,
      'src/plugins/two/copies.ts': uses('../one/plugin.js'),
      'src/plugins/two/queues.ts': uses('../../core/tasks/task.js'),
      'src/server/prints.ts': uses('../cli/output.js'),
      'src/ui/acts.ts': uses('../core/tasks/task.js'),
      'src/ui/view.ts': target,
      'test/fixture.ts': target,
    })
    for (const violation of [
      'src/cli/wires-a-plugin.ts imports src/plugins/one/plugin.ts: nobody-imports-a-plugin',
      'src/commands/draws.ts imports src/ui/view.ts: commands-use-cli-and-core',
      'src/core/tasks/circle-a.ts imports src/core/tasks/circle-b.ts: no-circular',
      'src/core/tasks/knows-commands.ts imports src/commands/command.ts: nobody-imports-commands',
      'node_modules/@oclif/core/lib/index.js: core-is-independent',
      'src/core/tasks/prints.ts imports src/cli/output.ts: core-is-independent',
      'src/core/tasks/tests.ts imports test/fixture.ts: no-tests-in-the-product',
      'src/plugins/two/copies.ts imports src/plugins/one/plugin.ts: plugin-uses-the-provider-contract',
      'src/plugins/two/queues.ts imports src/core/tasks/task.ts: plugin-uses-the-provider-contract',
      'src/server/prints.ts imports src/cli/output.ts: server-uses-core',
      'src/ui/acts.ts imports src/core/tasks/task.ts: ui-takes-only-types-of-core',
    ]) {
      expect(output).toContain(violation)
    }
    expect(code).toBe(1)
  })

  test('what the layers allow passes', () => {
    const {code, output} = check({
      'src/commands/command.ts': uses('../cli/output.js'),
      'src/cli/output.ts': `export {target} from '../core/tasks/task.js'\n`,
      'src/core/tasks/task.ts': target,
      'src/core/errors/error.ts': target,
      'src/plugins/one/plugin.ts': uses('../../core/errors/error.js'),
      'src/ui/view.ts': "import type {target} from '../core/tasks/task.js'\nexport type Target = typeof target\n",
    })
    expect(output).toMatch(/^6 modules, \d+ imports, 0 violations\n$/)
    expect(code).toBe(0)
  })

  test('having seen no module is a failure, not a success', () => {
    expect(check({'src/notes.txt': 'nothing to see'})).toEqual({code: 1, output: expect.stringContaining('saw 0 of 0 modules')})
  })
})
