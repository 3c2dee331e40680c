import {HelixError} from '../errors/helix-error.js'
import {redactValue} from '../security/redact.js'
import {showLine} from '../show-text.js'
import {formatPath, parsePath, valueAt} from './config-path.js'
import type {LoadedConfig} from './load-config.js'
import {type ConfigLayer, type ConfigOrigin, listPaths} from './merge-layers.js'
import {requireNode} from './schema-at.js'

/** A setting, secrets redacted. */
export interface SettingValue {
  path: string
  value: unknown
}

/** A setting and where it comes from, secrets redacted. */
export interface ShownSetting extends SettingValue {
  origin: ConfigOrigin
}

/** The effective value under a path, secrets redacted. Throws kind `config` where there is no such setting, or nothing sets it. */
export function getSetting(loaded: LoadedConfig, pathText: string): SettingValue {
  const path = parsePath(pathText)
  requireNode(path)
  const value = valueAt(redactValue(loaded.values), path)
  if (value !== undefined) return {path: formatPath(path), value}
  throw new HelixError('config', `${formatPath(path)} is not set`, {code: 'CONFIG_UNSET', hint: `Set it with: helix config set ${formatPath(path)} VALUE`})
}

/** All effective settings in the order of the schema, secrets redacted. */
export function listSettings(loaded: LoadedConfig): ShownSetting[] {
  const values = redactValue(loaded.values)
  return listPaths(values).map((path) => ({path: formatPath(path), value: valueAt(values, path), origin: loaded.originOf(path)}))
}

/** The settings of one layer, secrets redacted. */
export function showLayer({origin, settings}: ConfigLayer): ShownSetting[] {
  const values = redactValue(settings)
  return listPaths(values).map((path) => ({path: formatPath(path), value: valueAt(values, path), origin}))
}

/** A value on one line: text as it is, the rest as JSON; a terminal does not obey it. */
export function showValue(value: unknown): string {
  return typeof value === 'string' ? showLine(value) : showLine(JSON.stringify(value))
}

/** An origin in a few words: `default`, `user FILE`, `project FILE` or `environment VARIABLE`. */
export function showOrigin(origin: ConfigOrigin): string {
  if (origin.source === 'default') return 'default'
  return `${origin.source} ${origin.source === 'environment' ? origin.variable : showLine(origin.file)}`
}
