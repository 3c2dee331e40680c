import {describe, expect, test} from '@jest/globals'
import {parseTarget, validateSshSettings} from '../../../src/core/ssh/parse-target.js'

describe('a target on the command line', () => {
  test.each([
    ['gpu-1', {host: 'gpu-1'}],
    ['ci@gpu-1.example', {host: 'gpu-1.example', username: 'ci'}],
    ['ci@gpu-1.example:2222', {host: 'gpu-1.example', username: 'ci', port: 2222}],
    ['ci@[::1]:22', {host: '::1', username: 'ci', port: 22}],
    ['[fe80::1%eth0]', {host: 'fe80::1%eth0'}],
    ['2001:db8::7', {host: '2001:db8::7'}],
    ['ada@corp.example@host', {host: 'host', username: 'ada@corp.example'}],
    ['größe.example', {host: 'größe.example'}],
  ])('%s is understood', (text, target) => {
    expect(parseTarget(text)).toEqual(target)
  })

  test.each([
    '',
    '-oProxyCommand=touch /tmp/x',
    'ci@-oProxyCommand=x',
    '-l@host',
    '@host',
    'ci@',
    'ho st',
    'host\nname',
    'host\u001b[31m',
    'host;reboot',
    '$(reboot)',
    '`reboot`',
    'a|b',
    'a&b',
    'a>b',
    "o'host",
    'us er@host',
    '$USER@host',
    'host:',
    'host:0',
    'host:65536',
    'host:22x',
    'host:-1',
    '[::1',
    'host\\',
  ])('%j is refused in one line', (text) => {
    expect(() => parseTarget(text)).toThrow(expect.objectContaining({kind: 'usage', code: 'SSH_TARGET_INVALID', message: expect.not.stringMatching(/\p{Cc}/u)}))
  })

  test('settings of the config are held to the same', () => {
    expect(() => validateSshSettings({host: 'host', username: 'ci', port: 22})).not.toThrow()
    for (const settings of [{host: '-host'}, {host: 'host', username: '-l'}, {host: 'host', port: 1.5}, {host: 'host', port: Number.NaN}]) {
      expect(() => validateSshSettings(settings)).toThrow(expect.objectContaining({kind: 'usage'}))
    }
  })
})
