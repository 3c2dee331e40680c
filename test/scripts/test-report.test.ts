import {expect, test} from '@jest/globals'
import {skippedLines, summary} from '../../scripts/test-report.js'

const skipped = [
  {file: '/repo/test/a.test.ts', suites: ['tasks on PostgreSQL [skipped: no server: install it]', 'claims']},
  {file: '/repo/test/a.test.ts', suites: ['tasks on PostgreSQL [skipped: no server: install it]']},
  {file: '/repo/test/b.test.ts', suites: ['workers on PostgreSQL [skipped: no server: install it]']},
]

test('each reason why tests were skipped is said once, with the suites and how many tests', () => {
  expect(skippedLines({failed: 0, passed: 1, skipped})).toEqual(['SKIPPED 3 tests (tasks on PostgreSQL; workers on PostgreSQL): no server: install it'])
})

test('a test that was skipped without a reason is named by its file', () => {
  expect(skippedLines({skipped: [{file: 'test/a.test.ts', suites: ['claims']}]})).toEqual(['SKIPPED 1 tests (test/a.test.ts): by a filter, or marked so'])
})

test('the last line has the counts', () => {
  expect(summary({failed: 0, passed: 4, skipped}, 0)).toEqual({exitCode: 0, line: '4 passed, 0 failed, 3 skipped'})
  expect(summary({failed: 2, passed: 4, skipped: []}, 1)).toEqual({exitCode: 1, line: '4 passed, 2 failed, 0 skipped'})
})

test.each([
  ['ended without results, even with exit code 0', undefined, 0],
  ['was killed', undefined, 128],
  ['failed outside of any test', {failed: 0, passed: 0, skipped: []}, 1],
])('a jest that %s is a failure', (_, results, code) => {
  expect(summary(results, code)).toEqual({exitCode: code || 1, line: '0 passed, 1 failed, 0 skipped'})
})
