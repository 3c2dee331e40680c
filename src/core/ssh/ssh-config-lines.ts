import {globSync} from 'node:fs'
import {readFile} from 'node:fs/promises'
import {homedir} from 'node:os'
import {isAbsolute, join} from 'node:path'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {expandHome} from './expand-tokens.js'

// As deep as OpenSSH follows Include.
const INCLUDE_DEPTH = 16

/** A line of ssh_config, and where it stands. */
export interface SshConfigLine {
  text: string
  file: string
  /** Counted from 1. */
  line: number
}

/**
 * Reads ssh_config as it is without `Include`: the lines of each included file in the place of that line, and the block around it
 * opened again after them. Reads the user's and the system's files unless one is given; `none` reads no file. Throws (kind `config`)
 * for a file that cannot be read.
 */
export async function readSshConfigLines(configFile?: string): Promise<SshConfigLine[]> {
  if (configFile === 'none') return []
  const userFolder = join(homedir(), '.ssh')
  if (configFile !== undefined) return inlineIncludes(configFile, await readConfigFile(configFile), userFolder)
  const system = '/etc/ssh/ssh_config'
  return [
    ...(await readIfThere(join(userFolder, 'config'), userFolder)),
    // Ends the last block of the user's file.
    {text: 'Host *', file: system, line: 0},
    ...(await readIfThere(system, '/etc/ssh')),
  ]
}

async function readIfThere(file: string, folder: string): Promise<SshConfigLine[]> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => (error.code === 'ENOENT' ? '' : failUnreadable(file, error)))
  return inlineIncludes(file, text, folder)
}

async function inlineIncludes(file: string, content: string, folder: string, depth = 0): Promise<SshConfigLine[]> {
  const lines: SshConfigLine[] = []
  let block: SshConfigLine = {text: 'Host *', file, line: 0}
  for (const [index, text] of content.split(/\r?\n/u).entries()) {
    const line = {text, file, line: index + 1}
    if (/^\s*(?:Host|Match)[\s=]/iu.test(text)) block = line
    const include = /^\s*Include[\s=]+(.+)$/iu.exec(text)?.[1]
    if (include === undefined) {
      lines.push(line)
      continue
    }
    if (depth === INCLUDE_DEPTH) throw new HelixError('config', 'ssh_config includes too many files in one another', {code: 'SSH_CONFIG_INVALID'})
    for (const path of findIncluded(include, folder)) lines.push(...(await inlineIncludes(path, await readConfigFile(path), folder, depth + 1)), block)
  }
  return lines
}

function findIncluded(patterns: string, folder: string): string[] {
  const paths = patterns.match(/"[^"]*"|\S+/gu) ?? []
  return paths
    .map((path) => expandHome(path.replaceAll('"', '')))
    .map((path) => (isAbsolute(path) ? path : join(folder, path)))
    .flatMap((path) => globSync(path).sort())
}

function readConfigFile(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error) => failUnreadable(file, error))
}

function failUnreadable(file: string, error: unknown): never {
  throw new HelixError('config', `cannot read ${file}: ${messageOf(error)}`, {code: 'SSH_CONFIG_UNREADABLE', cause: error})
}
