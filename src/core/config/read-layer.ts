import {problemError} from './config-error.js'
import {type ConfigLayer, mergeLayers} from './merge-layers.js'
import {type ConfigFile, readConfigFile} from './read-config-file.js'
import {configSchema} from './schema.js'
import {type ConfigProblem, validateValue} from './validate-value.js'

/** The settings of a file, with the file as it was read. */
export interface FileLayer extends ConfigLayer {
  read: ConfigFile
}

/** Reads a file and validates it on top of what lies below: a project may change one setting of a worker that the user's file describes. */
export async function readLayer(file: string, source: 'user' | 'project', below: readonly ConfigLayer[]): Promise<FileLayer> {
  const read = await readConfigFile(file)
  const layer: FileLayer = {origin: {source, file}, settings: read.settings, read}
  const [first, ...others] = findProblems(layer, below)
  if (first) throw problemError(file, [first, ...others])
  return layer
}

/** What is wrong with a layer, given that those below are right. */
export function findProblems(layer: ConfigLayer, below: readonly ConfigLayer[]): ConfigProblem[] {
  return validateValue(mergeLayers([...below, layer]).settings, configSchema)
}
