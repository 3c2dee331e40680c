import {mkdirSync, writeFileSync} from 'node:fs'
import {dirname} from 'node:path'

/** Writes what scripts/test.js needs of jest's results. */
export default class TestReporter {
  #file

  constructor(_globalConfig, {file}) {
    this.#file = file
  }

  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap(({testFilePath, testResults}) =>
      testResults.filter(({status}) => status === 'pending' || status === 'todo').map(({ancestorTitles}) => ({file: testFilePath, suites: ancestorTitles})),
    )
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    mkdirSync(dirname(this.#file), {recursive: true})
    writeFileSync(this.#file, JSON.stringify({failed, passed: results.numPassedTests, skipped}))
  }
}
