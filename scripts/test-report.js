// What `npm test` says after jest. A suite that cannot run here carries its reason in its name, see test/fixtures/describe-unless.ts.
import {relative} from 'node:path'

const REASON = /^(.*) \[skipped: (.*)\]$/s

/** One line for each reason why tests were skipped. */
export function skippedLines(results) {
  const byReason = new Map()
  for (const test of results?.skipped ?? []) {
    const {reason, suite} = reasonOf(test)
    byReason.set(reason, [...(byReason.get(reason) ?? []), suite])
  }
  return [...byReason].map(([reason, suites]) => `SKIPPED ${suites.length} tests (${[...new Set(suites)].join('; ')}): ${reason}`)
}

function reasonOf(test) {
  for (const title of test.suites) {
    const [, suite, reason] = REASON.exec(title) ?? []
    if (suite && reason) return {reason, suite}
  }
  return {reason: 'by a filter, or marked so', suite: relative('.', test.file)}
}

/** The last line, and the exit code. A suite that did not load, or a jest that ended without results, is a failure too. */
export function summary(results, jestExitCode) {
  if (results === undefined) return {exitCode: jestExitCode || 1, line: '0 passed, 1 failed, 0 skipped'}
  const failed = results.failed || (jestExitCode === 0 ? 0 : 1)
  return {exitCode: failed === 0 ? 0 : jestExitCode || 1, line: `${results.passed} passed, ${failed} failed, ${results.skipped.length} skipped`}
}
