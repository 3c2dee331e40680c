import {randomBytes} from 'node:crypto'
import {chmodSync, mkdirSync, mkdtempSync, readdirSync, symlinkSync, writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {afterAll, beforeEach, describe, expect, test} from '@jest/globals'
import {copyDown, copyUp} from '../../../src/core/workers/copy-files.js'
import {LocalTransport} from '../../../src/core/workers/local-transport.js'
import {type TarEntry, writeHeader} from '../../../src/core/workers/tar-header.js'
import type {Transport} from '../../../src/core/workers/transport.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {runFolder} from '../../fixtures/run-folder.js'
import {connectTo} from '../../fixtures/ssh-connection.js'
import {Sshd, sshdAvailable} from '../../fixtures/sshd.js'
import {waitFor} from '../../fixtures/wait-for.js'

let folder: string
const local = new LocalTransport()

beforeEach(() => {
  folder = mkdtempSync(join(runFolder(), 'hostile-'))
  mkdirSync(join(folder, 'source'))
})
afterAll(() => local.close())

/** A worker whose tar is a program of its own. */
function withTar(script: string): Transport {
  mkdirSync(join(folder, 'bin'))
  writeFileSync(join(folder, 'bin', 'tar'), `#!/bin/sh\n${script}\n`)
  chmodSync(join(folder, 'bin', 'tar'), 0o755)
  const env = {...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}`}
  const transport: Transport = Object.create(local)
  transport.exec = (command) => local.exec(command, {env})
  return transport
}

function sending(...entries: Partial<TarEntry>[]): Transport {
  const headers = entries.map((entry) => writeHeader({name: Buffer.from('x'), type: 'file', mode: 0o644, size: 0, mtime: 0, ...entry}))
  writeFileSync(join(folder, 'archive'), Buffer.concat([...headers, Buffer.alloc(1024)]))
  return withTar(`case $1 in --version) ;; *) cat ${join(folder, 'archive')} ;; esac`)
}

describe('a worker that sends what it likes', () => {
  const link = (name: string, target: string) => ({name: Buffer.from(name), type: 'link' as const, target: Buffer.from(target)})

  test.each([
    ['a name that goes up', [{name: Buffer.from('../evil')}]],
    ['a name that goes down and up', [{name: Buffer.from('a/../../evil')}]],
    ['an absolute name', [{name: Buffer.from('/tmp/helix-evil')}]],
    ['a long name that goes up', [{name: Buffer.from(`${'a/'.repeat(100)}${'../'.repeat(102)}evil`)}]],
    ['an absolute link', [link('l', '/etc/passwd')]],
    ['a link that goes up', [link('a/l', '../../evil')]],
    ['a link that goes up through another', [link('a', '.'), link('b', 'a/..')]],
    ['no name', [{name: Buffer.from('.')}]],
  ])('%s: nothing is written anywhere', async (_, entries) => {
    await expect(copyDown(sending({name: Buffer.from('good')}, ...entries), join(folder, 'source'), join(folder, 'here/down'))).rejects.toMatchObject({
      kind: 'denied',
      code: 'COPY_REFUSED',
    })
    expect(readdirSync(join(folder, 'here'))).toEqual([])
    expect(readdirSync(folder).toSorted()).toEqual(['archive', 'bin', 'here', 'source'])
  })

  test('a link, and then a file through it: the file does not go there', async () => {
    mkdirSync(join(folder, 'here', 'down', 'd'), {recursive: true})
    const transport = sending(link('l', 'd'), {name: Buffer.from('l/evil')})
    await expect(copyDown(transport, join(folder, 'source'), join(folder, 'here/down'))).rejects.toMatchObject({kind: 'usage'})
    expect(readdirSync(join(folder, 'here/down/d'))).toEqual([])
  })

  test.each([
    ['is no archive', 'cat /proc/version /proc/cpuinfo'],
    ['breaks off', 'head -c 700 /dev/zero'],
    ['has no end', 'exit 0'],
  ])('a stream that %s: nothing appears', async (_, script) => {
    writeFileSync(join(folder, 'source', 'file'), 'content')
    const transport = withTar(script.replace('head -c 700 /dev/zero', `case $1 in --version) ;; *) /bin/tar "$@" | head -c 700 ;; esac`))
    await expect(copyDown(transport, join(folder, 'source'), join(folder, 'here/down'))).rejects.toMatchObject({kind: 'unavailable'})
    expect(readdirSync(join(folder, 'here'))).toEqual([])
  })

  test('a worker without tar is told so', async () => {
    const bare: Transport = Object.create(local)
    mkdirSync(join(folder, 'bare'))
    for (const program of ['mkdir', 'rm', 'dirname']) symlinkSync(`/bin/${program}`, join(folder, 'bare', program))
    bare.exec = (command) => local.exec(command.replace(/^exec sh/u, 'exec /bin/sh'), {env: {PATH: join(folder, 'bare')}})
    await expect(copyUp(bare, join(folder, 'source'), join(folder, 'up'))).rejects.toMatchObject({code: 'TAR_MISSING'})
    await expect(copyDown(bare, join(folder, 'source'), join(folder, 'down'))).rejects.toMatchObject({code: 'TAR_MISSING'})
  })
})

describeUnless(sshdAvailable(), 'a folder whose copy is cut off', () => {
  test('leaves nothing, here or there', async () => {
    const sshd = await Sshd.start()
    try {
      for (let index = 0; index < 20; index += 1) writeFileSync(join(folder, 'source', `file-${index}`), randomBytes(1_000_000))
      const transport = await connectTo(sshd)
      await copyUp(transport, join(folder, 'source'), 'whole')
      const onProgress = (done: number) => void (done > 5_000_000 && sshd.signalConnections('SIGKILL'))
      await expect(copyUp(transport, join(folder, 'source'), 'cut', {onProgress})).rejects.toMatchObject({code: 'CONNECTION_LOST'})
      const again = await connectTo(sshd)
      await expect(copyDown(again, 'whole', join(folder, 'here/down'), {onProgress})).rejects.toMatchObject({code: 'CONNECTION_LOST'})
      expect(readdirSync(join(folder, 'here'))).toEqual([])
      await waitFor('the worker to clean up', () => readdirSync(sshd.home).filter((name) => name.startsWith('cut')).length === 0)
    } finally {
      await sshd.stop()
    }
  })
})
