import {existsSync} from 'node:fs'
import {afterAll, beforeAll, expect, test} from '@jest/globals'
import {KEY_ALIAS, OpensshFolder} from '../../../src/core/ssh/openssh-folder.js'
import {startOpenssh} from '../../../src/core/ssh/openssh-master.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {isolatedConfig, ownKnownHosts} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'

describeUnless(sshdAvailable(), "the folder of the system's ssh", () => {
  let sshd: Sshd

  beforeAll(async () => {
    sshd = await Sshd.start()
  })
  afterAll(() => sshd?.stop())

  test('still has the key that a worker has shown when ssh has ended, and goes at the end', async () => {
    const options = {configFile: isolatedConfig(sshd), hopFiles: [], ownFile: ownKnownHosts(sshd), acceptNew: false, keepaliveSeconds: 10}
    const folder = await OpensshFolder.make(options)
    const learning = ['StrictHostKeyChecking=accept-new', `UserKnownHostsFile=${folder.shown}`, `HostKeyAlias=${KEY_ALIAS}`, 'PreferredAuthentications=none']
    const target = ['-p', String(sshd.port), '-l', sshd.username, '--', sshd.host]
    const ssh = await startOpenssh(folder.path, ['-F', folder.config, '-N', ...learning.flatMap((option) => ['-o', option]), ...target])
    // As a busy Helix does, which comes to look at it no sooner.
    expect(await ssh.ended).toContain('Permission denied')
    const {type, blob} = await folder.readShownKey(ssh, 10_000)
    expect(sshd.hostKeys.map(({publicKey}) => publicKey)).toContain(`${type} ${blob.toString('base64')}`)
    await ssh.end()
    expect(existsSync(folder.path)).toBe(false)
  })
})
