import {execFileSync, spawn} from 'node:child_process'
import {copyFileSync, readFileSync, renameSync, rmSync} from 'node:fs'
import {createServer} from 'node:net'
import {join} from 'node:path'
import {afterAll, afterEach, beforeAll, expect, test} from '@jest/globals'
import {HelixError} from '../../../src/core/errors/helix-error.js'
import type {ConnectOptions} from '../../../src/core/ssh/connect-options.js'
import type {SshSettings} from '../../../src/core/ssh/ssh-settings.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {connectTo, isolatedConfig} from '../../fixtures/ssh-connection.js'
import {generateKey, Sshd, sshdAvailable} from '../../fixtures/sshd.js'

const PASSWORD = 'pässword with spaces'

describeUnless(sshdAvailable(), 'a login', () => {
  let sshd: Sshd
  let lockedKey: string
  let wrongKey: string

  beforeAll(async () => {
    sshd = await Sshd.start()
    lockedKey = join(sshd.folder, 'locked')
    generateKey(lockedKey, 'ed25519', 'open sesame')
    sshd.authorize(readFileSync(`${lockedKey}.pub`, 'utf8'))
    wrongKey = join(sshd.folder, 'wrong')
    generateKey(wrongKey)
  })
  afterEach(() => {
    delete process.env.HELIX_TEST_SECRET
  })
  afterAll(() => sshd?.stop())

  async function login(settings: Partial<SshSettings>, options: ConnectOptions = {}, server = sshd): Promise<void> {
    const transport = await connectTo(server, settings, options)
    await transport.close()
  }

  // Settings that name no key, so that those of ssh_config are tried.
  function withoutKey(): Partial<SshSettings> {
    return {keyPath: undefined} as unknown as Partial<SshSettings>
  }

  test.each(['rsa', 'ecdsa', 'ed25519'])('with a key of type %s', async (type) => {
    const path = join(sshd.folder, `id_${type}_login`)
    generateKey(path, type)
    sshd.authorize(readFileSync(`${path}.pub`, 'utf8'))
    await login({keyPath: path})
  })

  test('with a key that needs a passphrase, from a reference or asked for', async () => {
    process.env.HELIX_TEST_SECRET = 'open sesame'
    await login({keyPath: lockedKey, passphrase: 'env:HELIX_TEST_SECRET'})
    const asked: string[] = []
    const askSecret = async (question: string) => {
      asked.push(question)
      return 'open sesame'
    }
    // The time that the user takes does not count.
    await login(
      {keyPath: lockedKey},
      {askSecret: (question) => new Promise((resolve) => setTimeout(() => resolve(askSecret(question)), 3_300)), connectTimeoutMs: 3_000},
    )
    expect(asked).toEqual([`Passphrase of ${lockedKey}: `])
  })

  test('asks for no passphrase when the server does not know the key', async () => {
    const unknown = join(sshd.folder, 'locked-unknown')
    generateKey(unknown, 'ed25519', 'secret')
    const askSecret = () => Promise.reject(new Error('asked'))
    await expect(login({keyPath: unknown}, {askSecret})).rejects.toMatchObject({code: 'AUTH_FAILED', message: expect.stringContaining(unknown)})
  })

  test('that the user leaves when asked is not tried in another way', async () => {
    const asked: string[] = []
    const askSecret = (question: string) => {
      asked.push(question)
      return Promise.reject(new HelixError('interrupted', 'interrupted', {code: 'INTERRUPTED'}))
    }
    await expect(login({keyPath: lockedKey}, {askSecret})).rejects.toMatchObject({kind: 'interrupted'})
    expect(asked).toEqual([`Passphrase of ${lockedKey}: `])
  })

  test('with an old PEM key that needs a passphrase', async () => {
    const path = join(sshd.folder, 'pem')
    execFileSync('ssh-keygen', ['-q', '-t', 'rsa', '-m', 'PEM', '-N', 'open sesame', '-f', path])
    sshd.authorize(readFileSync(`${path}.pub`, 'utf8'))
    rmSync(`${path}.pub`)
    process.env.HELIX_TEST_SECRET = 'open sesame'
    await login({keyPath: path, passphrase: 'env:HELIX_TEST_SECRET'})
  })

  test('with a wrong passphrase, or none, says which key it is', async () => {
    process.env.HELIX_TEST_SECRET = 'guess'
    const wrong = login({keyPath: lockedKey, passphrase: 'env:HELIX_TEST_SECRET'})
    await expect(wrong).rejects.toMatchObject({
      kind: 'denied',
      code: 'AUTH_FAILED',
      message: expect.stringContaining(`the passphrase of key ${lockedKey} is wrong`),
    })
    await expect(wrong).rejects.not.toMatchObject({message: expect.stringContaining('guess')})
    await expect(login({keyPath: lockedKey})).rejects.toMatchObject({message: expect.stringContaining('needs a passphrase')})
  })

  test('with keys of an agent', async () => {
    const agent = await startAgent(sshd.keyPath)
    const configFile = isolatedConfig(sshd, `IdentityAgent ${agent.socket}`)
    await login(withoutKey(), {configFile})
    // The key itself may be away when its public half names it.
    const away = join(sshd.folder, 'away')
    copyFileSync(`${sshd.keyPath}.pub`, `${away}.pub`)
    await login({keyPath: away}, {configFile})
    // A key that the user chose is not replaced by others of the agent.
    await expect(login({keyPath: wrongKey}, {configFile})).rejects.toMatchObject({code: 'AUTH_FAILED'})
    await agent.stop()
    await expect(login(withoutKey(), {configFile})).rejects.toMatchObject({code: 'AUTH_FAILED', message: expect.stringContaining('there was nothing to try')})
  })

  test('with the identities of ssh_config, of which some are not there', async () => {
    const configFile = isolatedConfig(sshd, `IdentityFile ${sshd.folder}/missing\nIdentityFile ${wrongKey}\nIdentityFile ${sshd.keyPath}`)
    await login(withoutKey(), {configFile})
  })

  test('with a wrong key is denied and names what was tried', async () => {
    await expect(login({keyPath: wrongKey})).rejects.toMatchObject({
      kind: 'denied',
      code: 'AUTH_FAILED',
      message: `${sshd.username}@127.0.0.1 refused the login: tried key ${wrongKey}`,
    })
  })

  test('with more keys than the server looks at is denied, saying so', async () => {
    const keys = Array.from({length: 8}, (_, index) => join(sshd.folder, `many-${index}`))
    for (const path of keys) generateKey(path)
    const configFile = isolatedConfig(sshd, keys.map((path) => `IdentityFile ${path}`).join('\n'))
    await expect(login(withoutKey(), {configFile})).rejects.toMatchObject({
      code: 'AUTH_FAILED',
      hint: expect.stringContaining('the server stops after a few keys'),
    })
  })

  test('with a key file that is missing, or is none, is an error of the configuration', async () => {
    const path = join(sshd.folder, 'nowhere')
    await expect(login({keyPath: path})).rejects.toMatchObject({kind: 'config', code: 'KEY_FILE_MISSING', message: expect.stringContaining(path)})
    await expect(login({keyPath: sshd.knownHostsPath})).rejects.toMatchObject({kind: 'config', code: 'KEY_FILE_INVALID'})
    await expect(login({keyPath: sshd.folder})).rejects.toMatchObject({kind: 'config', code: 'KEY_FILE_UNREADABLE'})
  })

  test('with a literal password is refused without repeating it', async () => {
    const literal = login({password: 'hunter2'})
    await expect(literal).rejects.toMatchObject({kind: 'config', code: 'SECRET_LITERAL', message: expect.not.stringContaining('hunter2')})
    await expect(login({keyPath: wrongKey, password: 'env:HELIX_TEST_SECRET'})).rejects.toMatchObject({kind: 'config', code: 'SECRET_MISSING'})
  })

  test('at a port where nobody listens, a host that is not known, or one that does not answer is unavailable, in one line', async () => {
    const silent = createServer()
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve))
    const {port} = silent.address() as {port: number}
    const oneLine = expect.stringMatching(/^cannot connect to \S+ port \d+: [^\n]+$/)
    for (const settings of [{port: 1}, {host: 'no-such-host.invalid'}, {port}]) {
      await expect(login(settings, {connectTimeoutMs: 300})).rejects.toMatchObject({kind: 'unavailable', code: 'CONNECT_FAILED', message: oneLine})
    }
    silent.close()
  })
})

const needsRoot = sshdAvailable() ?? (process.getuid?.() === 0 ? undefined : 'only root can make a user with a password')

describeUnless(needsRoot, 'a login with a password', () => {
  let sshd: Sshd

  beforeAll(async () => {
    sshd = await Sshd.start({password: PASSWORD})
    // Only the password is left.
    renameSync(join(sshd.folder, 'authorized_keys'), join(sshd.folder, 'nobody'))
    process.env.HELIX_TEST_PASSWORD = PASSWORD
  })
  afterAll(async () => {
    delete process.env.HELIX_TEST_PASSWORD
    await sshd?.stop()
  })

  test('comes from a reference or is asked for', async () => {
    await (await connectTo(sshd, {password: 'env:HELIX_TEST_PASSWORD'})).close()
    const askSecret = async (question: string) => (question === `Password of ${sshd.username}@127.0.0.1: ` ? PASSWORD : undefined)
    await (await connectTo(sshd, {}, {askSecret})).close()
  })

  test('that is wrong is denied, and tried once', async () => {
    await expect(connectTo(sshd, {}, {askSecret: async () => 'wrong'})).rejects.toMatchObject({
      kind: 'denied',
      code: 'AUTH_FAILED',
      message: expect.stringMatching(/: tried key \S+, password$/),
    })
  })

  test('is given to a server that asks for it by keyboard-interactive', async () => {
    const interactive = await Sshd.start({password: PASSWORD, config: ['UsePAM yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication yes']})
    await (await connectTo(interactive, {password: 'env:HELIX_TEST_PASSWORD', keyPath: join(sshd.folder, 'id_ed25519')})).close()
    await interactive.stop()
  })

  test('may be wanted beside the key', async () => {
    const both = await Sshd.start({password: PASSWORD, config: ['AuthenticationMethods publickey,password']})
    await (await connectTo(both, {password: 'env:HELIX_TEST_PASSWORD'})).close()
    await both.stop()
  })
})

async function startAgent(keyPath: string): Promise<{socket: string; stop(): Promise<void>}> {
  const socket = `${keyPath}.agent`
  const agent = spawn('ssh-agent', ['-D', '-a', socket], {stdio: ['ignore', 'pipe', 'inherit']})
  const exited = new Promise<void>((resolve) => agent.once('exit', () => resolve()))
  await new Promise((resolve) => agent.stdout.once('data', resolve))
  execFileSync('ssh-add', ['-q', keyPath], {env: {...process.env, SSH_AUTH_SOCK: socket}, stdio: 'ignore'})
  return {
    socket,
    stop: () => {
      agent.kill()
      return exited
    },
  }
}
