// Tests run as the sources are written: TypeScript as native ES modules, types stripped by swc (tsc checks them in `npm run check`).
import {availableParallelism} from 'node:os'

export default {
  testEnvironment: 'node',
  testMatch: ['<rootDir>/test/**/*.test.{ts,tsx}'],
  extensionsToTreatAsEsm: ['.ts', '.tsx'],
  transform: {
    '\\.tsx?$': [
      '@swc/jest',
      {
        jsc: {parser: {syntax: 'typescript', tsx: true}, target: 'es2024', transform: {react: {runtime: 'automatic'}}},
        module: {type: 'es6'},
        sourceMaps: 'inline',
        swcrc: false,
      },
    ],
  },
  // Sources import './x.js' as Node wants it. The real .js goes first, so that packages that ship .ts beside .js keep what they mean.
  moduleNameMapper: {'^(\\.{1,2}/.*)\\.js$': ['$1.js', '$1.ts', '$1.tsx']},
  modulePathIgnorePatterns: ['<rootDir>/dist/'],
  // scripts/test.js says where it wants the counts; a jest started by hand does without.
  reporters: ['default', ...(process.env.HELIX_TEST_REPORT ? [['<rootDir>/scripts/test-reporter.js', {file: process.env.HELIX_TEST_REPORT}]] : [])],
  globalSetup: '<rootDir>/test/fixtures/jest-setup.ts',
  globalTeardown: '<rootDir>/test/fixtures/jest-teardown.ts',
  // Tests mostly wait for real processes, so two at once also where jest would take one.
  maxWorkers: Math.max(2, Math.floor(availableParallelism() / 2)),
  // Real servers and real processes, many of them in some tests; a slow machine is no failure.
  testTimeout: 180_000,
}
