import {describe, expect, it} from '@jest/globals'
import {isSecretReference, resolveSecretReference} from '../../../src/core/security/secret-reference.js'

describe('a reference to a secret', () => {
  it('is read from the environment', async () => {
    expect(await resolveSecretReference('env:GPU_PW', {GPU_PW: 'hunter2'})).toBe('hunter2')
  })

  it.each([
    ['env:GPU_PW', {}, 'SECRET_MISSING', /GPU_PW is not set$/],
    ['env:GPU_PW', {GPU_PW: ''}, 'SECRET_MISSING', /GPU_PW is empty$/],
    ['hunter2', {}, 'SECRET_REFERENCE_INVALID', /^a secret is written as env:NAME or keyring:NAME$/],
    ['vault:hunter2', {}, 'SECRET_REFERENCE_INVALID', /^(?!.*hunter2)/],
  ])('%s with %j is refused in words that do not tell it', async (reference, env, code, message) => {
    await expect(resolveSecretReference(reference, env)).rejects.toMatchObject({kind: 'config', code, message: expect.stringMatching(message)})
  })

  it('that the keyring does not have, or without a keyring, is an error that names it', async () => {
    const name = `helix-test-${process.pid}`
    await expect(resolveSecretReference(`keyring:${name}`)).rejects.toMatchObject({
      kind: 'config',
      code: expect.stringMatching(/^(SECRET_MISSING|KEYRING_UNAVAILABLE)$/),
      message: expect.stringContaining(`keyring:${name}`),
    })
  })

  it.each([
    ['env:A', true],
    ['keyring:a', true],
    ['env:', false],
    ['environment:A', false],
    ['sk-123', false],
  ])('%s: %s', (text, expected) => {
    expect(isSecretReference(text)).toBe(expected)
  })
})
