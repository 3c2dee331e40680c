// Holds the sources to the import rules of .dependency-cruiser.js. Takes folders to look at, src otherwise.
import {globSync} from 'node:fs'
import {cruise} from 'dependency-cruiser'
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import config from '../.dependency-cruiser.js'

const folders = process.argv.length > 2 ? process.argv.slice(2) : ['src']
const {options, ...ruleSet} = config
const {output} = await cruise(folders, {...options, ruleSet, validate: true}, undefined, {tsConfig: extractTSConfig(options.tsConfig.fileName)})
const {modules, summary} = output

// Without a TypeScript that it knows, dependency-cruiser sees no module and reports success.
const sources = globSync(folders.map((folder) => `${folder}/**/*.{ts,tsx}`))
const seen = new Set(modules.map((module) => module.source))
const unseen = sources.filter((source) => !seen.has(source))
if (sources.length === 0 || unseen.length > 0) {
  console.error(`dependency-cruiser saw ${sources.length - unseen.length} of ${sources.length} modules; does it know this TypeScript?`)
  process.exit(1)
}

for (const {comment, from, rule, to} of summary.violations) {
  const why = comment ?? ruleSet.forbidden.find(({name}) => name === rule.name)?.comment
  console.error(`${from} imports ${to}: ${rule.name}. ${why}`)
}
console.log(`${sources.length} modules, ${summary.totalDependenciesCruised} imports, ${summary.violations.length} violations`)
if (summary.violations.length > 0) process.exitCode = 1
