import {chmodSync, existsSync, mkdirSync, writeFileSync} from 'node:fs'
import {dirname, join} from 'node:path'
import {expect, test} from '@jest/globals'
import {AGENT_WORKERS, SSH_AGENTS, startAgentServer} from '../fixtures/agent-pool.js'
import {describeUnless} from '../fixtures/describe-unless.js'
import {makeHelixHome} from '../fixtures/helix.js'
import {type Sshd, sshdAvailable} from '../fixtures/sshd.js'
import {addWords} from '../fixtures/worker-pool.js'

const NOISE = 'echo noise on stdout\necho noise on stderr >&2\nprintf "no newline"\n'
// Which files a shell reads when sshd has it run a command.
const PROFILES = ['.bashrc', '.bash_profile', '.profile', '.zshenv', '.zprofile', '.config/fish/config.fish', '.ssh/rc']
const notRoot = process.getuid?.() === 0 ? undefined : 'only root can give a user another login shell and a profile'

for (const shell of ['/bin/dash', '/bin/bash', '/usr/bin/fish', '/usr/bin/zsh']) {
  const missing = existsSync(shell) ? undefined : `there is no ${shell} here`
  describeUnless(sshdAvailable() ?? notRoot ?? missing, `a worker whose login shell is ${shell}`, () => {
    test.each(AGENT_WORKERS)('runs tasks as any other, with a noisy profile and a banner, its agent being %s', async (kind) => {
      const agent = SSH_AGENTS.find((one) => one.kind === kind)!
      const server = await startAgentServer(agent, {shell, sftp: 'external', banner: 'Authorised use only.\nmark result 1 2 3\n'})
      makeNoise(server)
      const home = makeHelixHome()
      expect(await home.run(addWords('w1', server, ['--slots', '4']))).toMatchObject({code: 0, stderr: expect.stringContaining('✓ discover: ')})
      expect((await home.run(['worker', 'exec', 'w1', '--', 'true'])).stdout).toContain('noise')
      expect(await home.run(['worker', 'test', 'w1'])).toMatchObject({code: 0, stderr: ''})
      const script = 'cat; echo "it\'s $(basename "$PWD")"; echo err >&2; exit 3'
      expect(await home.run(['task', 'run', '--', 'sh', '-c', script], {input: 'in\n'})).toEqual({
        code: 3,
        signal: null,
        stdout: "in\nit's work\n",
        stderr: 'err\n',
      })
      const json = JSON.parse((await home.run(['task', 'run', '--json', '--', 'sh', '-c', script])).stdout)
      expect(json).toMatchObject({exit_code: 3, stdout: "it's work\n", stderr: 'err\n', stdout_truncated: false})
      const mapped = await home.run(['task', 'map', '-k', '--', 'echo'], {input: 'a\nb\nc\nd\ne\nf\n'})
      expect(mapped).toEqual({code: 0, signal: null, stdout: 'a\nb\nc\nd\ne\nf\n', stderr: ''})
      // Longer than what the store keeps, so that it is read from the worker's files.
      const long = await home.run(['task', 'run', '--', 'seq', '-w', '1', '30000'])
      expect(long.stdout.split('\n').length).toBe(30_001)
      expect(await home.run(['task', 'run', '--timeout', '1s', '--grace', '1s', '--', 'sleep', '600'])).toMatchObject({code: 124, stdout: ''})
      await server.stop()
    })
  })
}

function makeNoise({home}: Sshd): void {
  for (const file of PROFILES) {
    mkdirSync(dirname(join(home, file)), {recursive: true})
    writeFileSync(join(home, file), NOISE)
    for (const path of [dirname(join(home, file)), join(home, file)]) chmodSync(path, 0o755)
  }
}
