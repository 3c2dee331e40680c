import {showProblem, variableError} from './config-error.js'
import {type ConfigPath, withValueAt} from './config-path.js'
import {findProjectFile, findUserFile} from './find-config-files.js'
import {type ConfigLayer, type ConfigOrigin, fillDefaults, type MergedSettings, mergeLayers} from './merge-layers.js'
import {type EnvironmentSetting, readEnvironment} from './read-environment.js'
import {readLayer} from './read-layer.js'
import {type IgnoredSettings, splitUntrusted} from './restrict-untrusted.js'
import {configSchema, type HelixConfig} from './schema.js'
import {validateValue} from './validate-value.js'

/** Where to look for a config. */
export interface ConfigLocation {
  cwd: string
  /** The user's config folder. */
  configDir: string
  env: NodeJS.ProcessEnv
}

/** The config of this process, from all its sources. */
export interface LoadedConfig {
  values: HelixConfig
  userFile: string | undefined
  projectFile: string | undefined
  /** What an untrusted project sets without effect; `describeIgnored` says it to the user. */
  ignored: IgnoredSettings | undefined
  /** Where the value under a path comes from; the default unless a file or a variable sets it. */
  originOf(path: ConfigPath): ConfigOrigin
}

/**
 * Loads the config: defaults, then the user's file, the project's and the environment, a later one winning key by key.
 * Throws kind `config` (exit 78) for whatever is wrong in any of them, an untrusted project's file included.
 */
export async function loadConfig(location: ConfigLocation): Promise<LoadedConfig> {
  const userFile = findUserFile(location.configDir)
  const projectFile = findProjectFile(location.cwd, userFile)
  const user = userFile === undefined ? [] : [await readLayer(userFile, 'user', [])]
  const project = projectFile === undefined ? undefined : await readProject(projectFile, user, location)
  const files = project ? [...user, project.layer] : user
  const variables = readEnvironment(location.env, mergeLayers(files).settings)
  const merged = mergeLayers([...files, ...variables.map(asLayer)])
  if (variables.length > 0) checkVariables(merged.settings, variables)
  return {
    values: fillDefaults(merged.settings, configSchema) as HelixConfig,
    userFile,
    projectFile,
    ignored: withoutOverridden(project?.ignored, merged.originOf),
    originOf: merged.originOf,
  }
}

async function readProject(
  file: string,
  below: readonly ConfigLayer[],
  {configDir, env}: ConfigLocation,
): Promise<{layer: ConfigLayer; ignored?: IgnoredSettings}> {
  const layer = await readLayer(file, 'project', below)
  const {harmless, ignored} = splitUntrusted(layer.settings)
  if (ignored.length === 0) return {layer}
  const {isTrusted} = await import('../security/project-trust.js')
  if (await isTrusted(file, layer.read.content, configDir, env)) return {layer}
  return {layer: {origin: layer.origin, settings: harmless}, ignored: {file, paths: ignored}}
}

function asLayer({variable, path, value}: EnvironmentSetting): ConfigLayer {
  return {origin: {source: 'environment', variable}, settings: withValueAt({}, path, value) as Record<string, unknown>}
}

// The files are right by themselves, so a problem comes from the variable that shares the longest part of its path.
function checkVariables(settings: Record<string, unknown>, variables: readonly EnvironmentSetting[]): void {
  const [problem] = validateValue(settings, configSchema)
  if (!problem) return
  const culprit = variables.toSorted((a, b) => sharedLength(b.path, problem.path) - sharedLength(a.path, problem.path))[0]
  throw variableError(culprit?.variable ?? 'environment', showProblem(problem))
}

function sharedLength(a: ConfigPath, b: ConfigPath): number {
  const different = a.findIndex((key, index) => key !== b[index])
  return different === -1 ? a.length : different
}

// What a variable sets anyway is missed by nobody.
function withoutOverridden(ignored: IgnoredSettings | undefined, originOf: MergedSettings['originOf']): IgnoredSettings | undefined {
  const paths = ignored?.paths.filter((path) => originOf(path).source !== 'environment') ?? []
  return ignored && paths.length > 0 ? {file: ignored.file, paths} : undefined
}
