import {expect, test} from '@jest/globals'
import {faultOf} from '../../scripts/commit-message.js'

test.each(['feat: add workers', 'fix(ssh)!: refuse an unknown host key\n\nWhy it was wrong.', 'docs(decisions): say why'])('%j is conventional', (message) => {
  expect(faultOf(message)).toBeUndefined()
})

test.each([
  ['Add workers', 'is not "type(scope)'],
  ['feature: add workers', 'is not "type(scope)'],
  ['feat:add workers', 'is not "type(scope)'],
  ['feat: add workers.', 'without a full stop'],
  [`feat: ${'x'.repeat(100)}`, 'has 106 characters'],
  ['feat: add workers\nand more', 'needs an empty line'],
])('%j is refused', (message, fault) => {
  expect(faultOf(message)).toContain(fault)
})
