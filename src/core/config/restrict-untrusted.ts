import {HelixError} from '../errors/helix-error.js'
import {showLine} from '../show-text.js'
import {type ConfigPath, formatPath, isWithin, parsePath, valueAt, withValueAt} from './config-path.js'
import {listPaths} from './merge-layers.js'

// What a stranger's project may decide about: how things look. Whatever is not listed (endpoints, workers, tools, permissions) needs trust.
const HARMLESS: readonly ConfigPath[] = [['$schema'], ['global', 'log_level'], ['clients', 'cli'], ['clients', 'terminal_ui'], ['ui']]

/** The settings of a project's file that do not count because the user has not trusted it. */
export interface IgnoredSettings {
  file: string
  paths: readonly ConfigPath[]
}

/** The harmless settings among those of a file, and the paths of the others. */
export function splitUntrusted(settings: Record<string, unknown>): {harmless: Record<string, unknown>; ignored: ConfigPath[]} {
  const paths = listPaths(settings)
  const isHarmless = (path: ConfigPath) => HARMLESS.some((allowed) => isWithin(path, allowed))
  const harmless = paths.filter(isHarmless).reduce<unknown>((kept, path) => withValueAt(kept, path, valueAt(settings, path)), {})
  return {harmless: harmless as Record<string, unknown>, ignored: paths.filter((path) => !isHarmless(path))}
}

/** The one line that says what was ignored, and what to do about it. */
export function describeIgnored({file, paths}: IgnoredSettings): string {
  const shown = paths.slice(0, 5).map(formatPath).join(', ')
  const more = paths.length > 5 ? ` and ${paths.length - 5} more` : ''
  return `${showLine(file)} is not trusted, so that these settings in it do not count: ${shown}${more}. Read it, then: helix trust`
}

/** Throws kind `denied` (exit 77) when the project sets something at or below `path` that does not count because it is not trusted. */
export function requireTrusted(loaded: {ignored?: IgnoredSettings | undefined}, path: string): void {
  const needed = parsePath(path)
  const {ignored} = loaded
  if (!ignored?.paths.some((one) => isWithin(one, needed) || isWithin(needed, one))) return
  throw new HelixError('denied', `${path} is set by ${showLine(ignored.file)}, which is not trusted`, {
    code: 'PROJECT_UNTRUSTED',
    hint: 'Read the file, then: helix trust (or HELIX_TRUST_PROJECT=1 in CI)',
  })
}
