import {randomBytes} from 'node:crypto'
import {writeFileSync} from 'node:fs'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {afterAll, afterEach, beforeAll, describe, expect, test} from '@jest/globals'
import type {ConnectOptions} from '../../../src/core/ssh/connect-options.js'
import {quoteArgument} from '../../../src/core/ssh/quote-argument.js'
import type {SshTransport} from '../../../src/core/ssh/ssh-transport.js'
import {describeUnless} from '../../fixtures/describe-unless.js'
import {connectTo, run} from '../../fixtures/ssh-connection.js'
import {Sshd, type SshdOptions, sshdAvailable} from '../../fixtures/sshd.js'

const opened: SshTransport[] = []
let kind: 'ssh2' | 'openssh'

async function connect(sshd: Sshd, options: ConnectOptions = {}): Promise<SshTransport> {
  const transport = await connectTo(sshd, {transport: kind}, options)
  opened.push(transport)
  return transport
}

function withSshd(options: SshdOptions = {}): {current: Sshd} {
  const holder = {} as {current: Sshd}
  beforeAll(async () => {
    holder.current = await Sshd.start(options)
  })
  afterEach(() => Promise.all(opened.splice(0).map((transport) => transport.close())))
  afterAll(() => holder.current?.stop())
  return holder
}

for (const transport of ['ssh2', 'openssh'] as const) {
  describe(`transport ${transport}`, () => {
    beforeAll(() => {
      kind = transport
    })
    describeUnless(sshdAvailable(), 'a process on a worker', () => {
      const sshd = withSshd()

      test('gets its input and gives its output, its errors and its exit code', async () => {
        const transport = await connect(sshd.current)
        expect(await run(transport, 'cat; echo oops >&2; exit 255', 'ümläut\n')).toEqual({code: 255, signal: null, stdout: 'ümläut\n', stderr: 'oops\n'})
        expect(await run(transport, 'kill -KILL $$')).toMatchObject({code: null, signal: 'KILL'})
      })

      test('has no terminal', async () => {
        const transport = await connect(sshd.current)
        expect(await run(transport, 'tty; test -t 2')).toMatchObject({code: 1, stdout: 'not a tty\n'})
      })

      test('has ended only when all of a long output is there', async () => {
        const transport = await connect(sshd.current)
        const child = await transport.exec('head -c 8000000 /dev/zero; echo end >&2')
        let bytes = 0
        child.stdout.on('data', (chunk: Buffer) => {
          bytes += chunk.length
        })
        const errors = text(child.stderr)
        await child.exit
        expect(bytes).toBe(8_000_000)
        expect(await errors).toBe('end\n')
      })

      test('needs not be read to end, and a write after its end fails instead of hanging', async () => {
        const transport = await connect(sshd.current)
        const child = await transport.exec('echo unread; exit 3')
        expect(await child.exit).toEqual({code: 3, signal: null})
        await expect(new Promise((resolve, reject) => child.stdin.write('late', (error) => (error ? reject(error) : resolve(undefined))))).rejects.toThrow()
      })

      test('is one of at most 8 at a time on a connection; the others wait their turn', async () => {
        const transport = await connect(sshd.current)
        await run(transport, 'mkdir running')
        const commands = Array.from({length: 15}, (_, index) => run(transport, `mkdir running/${index}; ls running; sleep 0.2; rmdir running/${index}`))
        const atOnce = (await Promise.all(commands)).map(({stdout}) => stdout.trim().split('\n').length)
        expect(Math.max(...atOnce)).toBe(8)
      })
    })

    describeUnless(sshdAvailable(), 'a server that renews keys after each mebibyte', () => {
      const sshd = withSshd({config: ['RekeyLimit 1M']})

      test('gets all that is sent, and so does who asked', async () => {
        const transport = await connect(sshd.current)
        const long = randomBytes(6_000_000).toString('base64')
        const {stdout, code} = await run(transport, 'cat', long)
        expect(code).toBe(0)
        expect(stdout === long).toBe(true)
      })
    })

    describeUnless(sshdAvailable(), 'a server that allows fewer sessions', () => {
      const sshd = withSshd({config: ['MaxSessions 2']})

      test('gets the processes one after the other, none fails', async () => {
        const transport = await connect(sshd.current)
        const results = await Promise.all(Array.from({length: 15}, (_, index) => run(transport, `echo ${index}; sleep 0.1`)))
        expect(results.map(({stdout}) => stdout)).toEqual(Array.from({length: 15}, (_, index) => `${index}\n`))
      })

      test('with room for one gets a connection for each other process, and for files', async () => {
        const single = await Sshd.start({config: ['MaxSessions 1']})
        const transport = await connectTo(single, {transport: kind})
        writeFileSync(join(single.home, 'file'), 'content')
        const lasting = await transport.exec('read -r line; echo "$line"')
        for (let round = 0; round < 3; round += 1) {
          expect(String(await transport.readRange('file', 0, 100))).toBe('content')
          expect((await run(transport, 'echo hello')).stdout).toBe('hello\n')
        }
        lasting.stdin.end('still there\n')
        expect(await text(lasting.stdout)).toBe('still there\n')
        await transport.close()
        await single.stop()
      })

      test('with room for none says so', async () => {
        const none = await Sshd.start({config: ['MaxSessions 0']})
        const transport = await connectTo(none, {transport: kind})
        await expect(transport.exec('true')).rejects.toMatchObject({kind: 'unavailable', code: 'SESSION_REFUSED'})
        await transport.close()
        await none.stop()
      })
    })

    describeUnless(sshdAvailable(), 'a lost connection', () => {
      const sshd = withSshd()

      test('that is cut is told to everything that runs over it, and to who waits for it', async () => {
        const transport = await connect(sshd.current, {maxSessions: 2})
        const running = await transport.exec('sleep 60')
        const stdout = text(running.stdout)
        await transport.readRange('/dev/zero', 0, 10)
        const waiting = transport.exec('true')
        sshd.current.signalConnections('SIGKILL')
        await expect(running.exit).rejects.toMatchObject({kind: 'unavailable', code: 'CONNECTION_LOST'})
        await expect(waiting).rejects.toMatchObject({code: 'CONNECTION_LOST'})
        await expect(transport.exec('true')).rejects.toMatchObject({code: 'CONNECTION_LOST'})
        await expect(transport.readRange('/etc/passwd', 0, 10)).rejects.toMatchObject({code: 'CONNECTION_LOST'})
        expect(await stdout).toBe('')
        expect(await transport.closed).toMatchObject({kind: 'unavailable', code: 'CONNECTION_LOST'})
      })

      test('that is dead without a word is noticed by the keepalive', async () => {
        const transport = await connect(sshd.current, {keepaliveMs: 100, answerMs: 100})
        const running = await transport.exec('sleep 60')
        sshd.current.signalConnections('SIGSTOP')
        await expect(running.exit).rejects.toMatchObject({code: 'CONNECTION_LOST', message: expect.stringContaining('does not answer')})
        expect(await transport.closed).toMatchObject({code: 'CONNECTION_LOST'})
        sshd.current.signalConnections('SIGCONT')
      })

      test('is not one whose answer lies unread while this process is held up', async () => {
        const transport = await connect(sshd.current, {keepaliveMs: 100, answerMs: 100})
        for (let round = 0; round < 4; round += 1) {
          await new Promise((resolve) => setTimeout(resolve))
          // Longer than it takes until a probe is due, and until its answer is.
          Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1200)
        }
        const {stdout} = await transport.exec('echo still there')
        expect(await text(stdout)).toBe('still there\n')
      })

      test('is not one that was closed, which ends what runs over it too', async () => {
        const transport = await connect(sshd.current)
        const running = await transport.exec('sleep 60')
        await transport.close()
        expect(await transport.closed).toBeUndefined()
        await expect(running.exit).rejects.toMatchObject({code: 'CONNECTION_LOST'})
        await transport.close()
      })

      test('to a server that is stopped can still be closed', async () => {
        const transport = await connect(sshd.current)
        sshd.current.signalConnections('SIGSTOP')
        await transport.close()
        expect(await transport.closed).toBeUndefined()
        sshd.current.signalConnections('SIGCONT')
      })

      test('does not cost a process output that the server had sent before', async () => {
        const transport = await connect(sshd.current)
        const child = await transport.exec('head -c 200000 /dev/zero')
        const exit = child.exit
        await new Promise((resolve) => child.stdout.once('readable', resolve))
        // The command has ended, but nobody has read all of its output yet.
        for (let round = 0; round < 3; round += 1) await run(transport, 'true')
        sshd.current.signalConnections('SIGKILL')
        await transport.closed
        expect((await text(child.stdout)).length).toBe(200_000)
        expect(await exit).toEqual({code: 0, signal: null})
      })
    })

    for (const shell of ['/usr/bin/dash', '/usr/bin/fish', '/bin/bash']) {
      describeUnless(sshdAvailable(), `a worker with the login shell ${shell}, a noisy profile and a banner`, () => {
        const sshd = withSshd({shell, banner: 'Welcome!\nAuthorised use only.\n', sftp: 'external'})

        test('runs commands and moves files', async () => {
          for (const profile of ['.profile', '.bashrc', '.bash_profile']) writeFileSync(join(sshd.current.home, profile), 'echo noise from the profile\n')
          const transport = await connect(sshd.current)
          const result = await run(transport, 'exec sh -c \'printf %s,%s "$1" "$2"\' sh one \'two words\'')
          expect(result.code).toBe(0)
          expect(result.stdout.endsWith('one,two words')).toBe(true)
          const strange = '-it\'s "a" \\ \\\\ \\\' $(id) `id` *; ~ {a,b} #\n\tümläut'
          expect((await run(transport, `exec printf %s ${quoteArgument(strange)}`)).stdout.endsWith(strange)).toBe(true)
          writeFileSync(join(sshd.current.home, 'data'), 'some content')
          expect(String(await transport.readRange(join(sshd.current.home, 'data'), 5, 100))).toBe('content')
          await transport.upload('/etc/hostname', join(sshd.current.home, 'copy'), {mode: 0o644})
          expect((await run(transport, 'cmp copy /etc/hostname')).code).toBe(0)
        })
      })
    }
  })
}
