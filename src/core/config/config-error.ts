import {HelixError} from '../errors/helix-error.js'
import {showLine} from '../show-text.js'
import {type ConfigPath, formatPath} from './config-path.js'
import type {ConfigProblem} from './validate-value.js'

/** An error of kind `config` (exit 78) that begins with where it is: a file or a setting. */
export function configError(place: string, message: string, options: {code?: string; hint?: string; cause?: unknown} = {}): HelixError {
  return new HelixError('config', `${showLine(place)}: ${message}`, {code: 'CONFIG_INVALID', ...options})
}

/** The error of a variable. Its name is not followed by a colon: what follows `…_TOKEN:` would be redacted as a secret. */
export function variableError(variable: string, message: string): HelixError {
  return new HelixError('config', `${variable} is wrong: ${message}`, {code: 'CONFIG_INVALID'})
}

/** The first problem of a file as an error, with the number of the others. */
export function problemError(file: string, problems: readonly [ConfigProblem, ...ConfigProblem[]]): HelixError {
  const others = problems.length - 1
  const more = others === 0 ? '' : ` (and ${others} more: helix config validate lists them)`
  return configError(file, `${showProblem(problems[0])}${more}`)
}

/** A problem as `path what is wrong`. */
export function showProblem(problem: ConfigProblem): string {
  return `${showPlace(problem.path)} ${problem.message}`
}

function showPlace(path: ConfigPath): string {
  return path.length === 0 ? 'the whole' : formatPath(path)
}
