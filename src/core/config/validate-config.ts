import {resolve} from 'node:path'
import {configError, showProblem} from './config-error.js'
import {findProjectFile, findUserFile} from './find-config-files.js'
import {type ConfigLocation, loadConfig} from './load-config.js'
import type {ConfigLayer} from './merge-layers.js'
import {readConfigFile} from './read-config-file.js'
import {findProblems} from './read-layer.js'

/**
 * Checks one file by itself, or without one the user's, the project's and the environment; returns the files.
 * Throws kind `config` with every problem of the first wrong one.
 */
export async function validateConfig(file: string | undefined, location: ConfigLocation): Promise<string[]> {
  if (file !== undefined) return [(await validateFile(resolve(location.cwd, file), [])).file]
  const userFile = findUserFile(location.configDir)
  const projectFile = findProjectFile(location.cwd, userFile)
  const user = userFile === undefined ? [] : [await validateFile(userFile, [])]
  const project = projectFile === undefined ? [] : [await validateFile(projectFile, user)]
  await loadConfig(location)
  return [...user, ...project].map((layer) => layer.file)
}

async function validateFile(file: string, below: readonly ConfigLayer[]): Promise<ConfigLayer & {file: string}> {
  const {settings} = await readConfigFile(file)
  const layer = {origin: {source: 'user' as const, file}, settings, file}
  const problems = findProblems(layer, below).map(showProblem)
  if (problems.length === 0) return layer
  throw configError(file, problems.length === 1 ? problems.join() : `${problems.length} problems: ${problems.join('; ')}`)
}
