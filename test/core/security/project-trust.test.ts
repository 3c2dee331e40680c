import {readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {describe, expect, it} from '@jest/globals'
import {listTrusted, trustFile} from '../../../src/core/security/project-trust.js'
import {listTrustStates, revokeProject, trustProject} from '../../../src/core/security/trust-project.js'
import {makeConfigFolders} from '../../fixtures/config-folders.js'

const SETTINGS = {workers: {pool: {gpu: {host: 'gpu.example'}}}, database: {url: 'postgres://u:hunter2@h/d'}}

describe('trusting a project', () => {
  it('says what it sets, secrets redacted, and lets it count', async () => {
    const folders = makeConfigFolders()
    const file = folders.writeProject('helix.json', SETTINGS)
    const trusted = await trustProject(undefined, folders.location())
    expect(trusted).toMatchObject({file, sha256: expect.stringMatching(/^[0-9a-f]{64}$/)})
    expect(trusted.settings.map(({path, value}) => `${path}=${value}`)).toEqual([
      'workers.pool.gpu.host=gpu.example',
      'database.url=postgres://u:[redacted]@h/d',
    ])
    expect((await folders.load()).values.workers.pool.gpu).toMatchObject({host: 'gpu.example'})
  })

  it('is kept in a file that nobody else reads', async () => {
    const folders = makeConfigFolders()
    folders.writeProject('helix.json', SETTINGS)
    await trustProject(undefined, folders.location())
    const store = join(folders.configDir, 'trusted-projects.json')
    expect(statSync(store).mode & 0o777).toBe(0o600)
    expect(readFileSync(store, 'utf8')).not.toContain('hunter2')
  })

  it('holds for the file, whatever link leads to it', async () => {
    const folders = makeConfigFolders()
    const file = folders.writeProject('real/helix.json', SETTINGS)
    symlinkSync(file, join(folders.project, 'helix.json'))
    expect(await trustProject(undefined, folders.location())).toMatchObject({file})
    expect((await folders.load({}, join(folders.project, 'real'))).ignored).toBeUndefined()
  })

  it('of twenty files at once loses none', async () => {
    const folders = makeConfigFolders()
    const files = Array.from({length: 20}, (_, index) => `/p${index}/helix.json`)
    await Promise.all(files.map((file) => trustFile(file, file, folders.configDir)))
    expect((await listTrusted(folders.configDir)).map(({file}) => file).toSorted()).toEqual(files.toSorted())
  })

  it('is refused where there is no file, or a broken one', async () => {
    const folders = makeConfigFolders()
    await expect(trustProject(undefined, folders.location())).rejects.toMatchObject({kind: 'config', code: 'PROJECT_CONFIG_MISSING'})
    folders.writeProject('helix.json', '{"workers": 1}')
    await expect(trustProject(undefined, folders.location())).rejects.toMatchObject({kind: 'config', code: 'CONFIG_INVALID'})
    expect(await listTrusted(folders.configDir)).toEqual([])
  })

  it('is taken back, also when the file is gone', async () => {
    const folders = makeConfigFolders()
    const file = folders.writeProject('helix.json', SETTINGS)
    await trustProject(undefined, folders.location())
    expect(await revokeProject(undefined, folders.location())).toEqual({file, revoked: true})
    expect((await folders.load()).ignored).toBeDefined()
    expect(await revokeProject(undefined, folders.location())).toEqual({file, revoked: false})
    await trustProject(undefined, folders.location())
    rmSync(file)
    expect(await revokeProject('helix.json', folders.location())).toEqual({file, revoked: true})
  })

  it('shows what has become of each file', async () => {
    const folders = makeConfigFolders()
    for (const name of ['a', 'b', 'c']) await trustProject(folders.writeProject(`${name}/helix.json`, SETTINGS), folders.location())
    folders.writeProject('b/helix.json', {})
    rmSync(join(folders.project, 'c/helix.json'))
    expect((await listTrustStates(folders.configDir)).map(({state}) => state)).toEqual(['trusted', 'changed', 'gone'])
  })

  it('is refused, not lost, when the list of trusted files is damaged', async () => {
    const folders = makeConfigFolders()
    folders.writeProject('helix.json', SETTINGS)
    writeFileSync(join(folders.configDir, 'trusted-projects.json'), '{"trusted": [')
    await expect(folders.load()).rejects.toMatchObject({kind: 'config', code: 'TRUST_UNREADABLE'})
    await expect(trustProject(undefined, folders.location())).rejects.toMatchObject({code: 'TRUST_UNREADABLE'})
  })
})
