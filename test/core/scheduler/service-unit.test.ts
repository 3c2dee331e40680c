import {spawnSync} from 'node:child_process'
import {mkdtempSync, rmSync, writeFileSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {describe, expect, test} from '@jest/globals'
import {buildServiceUnit, type ServiceOptions} from '../../../src/core/scheduler/service-unit.js'
import {describeUnless} from '../../fixtures/describe-unless.js'

const OPTIONS: ServiceOptions = {
  scope: 'user',
  helix: [process.execPath, '/opt/he lix/bin/run.js'],
  environment: {HELIX_DATA_DIR: '/home/a "b"/100%/$data'},
  user: 'root',
  platform: 'linux',
}

/** What systemd finds wrong with a unit; none of it is started. */
function complaints(unit: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'helix-unit-'))
  try {
    const file = join(folder, 'helix-scheduler.service')
    writeFileSync(file, unit)
    const {stdout, stderr} = spawnSync('systemd-analyze', ['verify', '--man=no', file], {encoding: 'utf8'})
    return `${stdout}${stderr}`
      .split('\n')
      .filter((line) => line.includes('helix-scheduler'))
      .join('\n')
  } finally {
    rmSync(folder, {recursive: true})
  }
}

describe('a systemd unit of the scheduler', () => {
  test('names program, folders and user so that systemd reads them as they are', () => {
    const unit = buildServiceUnit({...OPTIONS, scope: 'system'})
    expect(unit).toContain(`ExecStart=${process.execPath} "/opt/he lix/bin/run.js" scheduler start\n`)
    expect(unit).toContain(String.raw`Environment="HELIX_DATA_DIR=/home/a \"b\"/100%%/$data"`)
    expect(unit).toMatch(/^User=root$/m)
    expect(unit).toMatch(/^WantedBy=multi-user.target$/m)
    expect(buildServiceUnit({...OPTIONS, helix: ['/a$b']})).toContain('ExecStart="/a$$b" scheduler start\n')
  })

  test('of a user has no user, leaves tasks alone when it stops, and starts again after a failure', () => {
    const unit = buildServiceUnit(OPTIONS)
    expect(unit).not.toContain('User=')
    for (const line of ['KillMode=process', 'Restart=on-failure', 'OOMPolicy=continue', 'TimeoutStopSec=30', 'WantedBy=default.target'])
      expect(unit).toContain(`\n${line}\n`)
  })

  test('cannot be had where there is no systemd, nor with a line break in a path', () => {
    expect(() => buildServiceUnit({...OPTIONS, platform: 'darwin'})).toThrow(expect.objectContaining({kind: 'usage', code: 'NO_SYSTEMD'}))
    expect(() => buildServiceUnit({...OPTIONS, environment: {A: 'a\nb'}})).toThrow(expect.objectContaining({code: 'UNIT_PATH_INVALID'}))
  })
})

const missing = spawnSync('systemd-analyze', ['--version']).error ? 'systemd-analyze is not there' : undefined

describeUnless(missing, 'a systemd unit of the scheduler, as systemd sees it', () => {
  test.each(['user', 'system'] as const)('has nothing wrong in it for a %s', (scope) => {
    // The program must be there to be found right.
    const unit = buildServiceUnit({...OPTIONS, scope, helix: [process.execPath, '/opt/he lix/$HOME/%h/run.js']})
    expect(complaints(unit)).toBe('')
    expect(complaints(unit.replace('KillMode=process', 'KillMode=sometimes'))).toContain('kill mode')
  })
})
