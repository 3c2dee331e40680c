import {delimiter} from 'node:path'
import {describe, expect, test} from '@jest/globals'
import {programFolder} from '../fixtures/fake-programs.js'
import {makeHelixHome} from '../fixtures/helix.js'

const ONE_GPU = 'echo "Tesla T4, 15360, 0"'

describe('this machine, where it is the only worker', () => {
  const withProgram = (name: string, script: string) => makeHelixHome({PATH: `${programFolder({}, {[name]: script})}${delimiter}${process.env.PATH}`})

  test('gets tasks that need GPUs only as far as it has them', async () => {
    const home = withProgram('nvidia-smi', ONE_GPU)
    expect(await home.run(['task', 'run', '--gpus', '1', '--', 'echo', 'ran'])).toMatchObject({code: 0, stdout: 'ran\n'})
    const refused = await home.run(['task', 'run', '--gpus', '2', '--', 'echo', 'ran'])
    expect(refused).toMatchObject({code: 69, stdout: '', stderr: expect.stringContaining('with 2 GPUs')})
  })

  test('gets tasks that need a program which it has', async () => {
    const home = withProgram('docker', 'echo "Docker version 28.2.2, build 1"')
    expect(await home.run(['task', 'map', '--capability', 'docker', '--', 'echo', 'with', ':::', 'a'])).toMatchObject({code: 0, stdout: 'with a\n'})
    const refused = await home.run(['task', 'run', '--capability', 'abacus', '--', 'true'])
    expect(refused).toMatchObject({code: 69, stderr: expect.stringContaining('no worker has the capability abacus')})
  })
})
