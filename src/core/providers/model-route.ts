import {HelixError} from '../errors/helix-error.js'
import {nearestName} from '../nearest-name.js'
import {splitModel} from './model-name.js'

/** What the config says of the names of models. */
export interface ModelNames {
  /** `provider/model` by alias. */
  aliases: Readonly<Record<string, string>>
  /** By alias or `provider/model`: what is asked when that one does not answer. */
  fallbacks: Readonly<Record<string, readonly string[]>>
}

/**
 * The models to ask, in order, as `provider/model`: the one named, then `fallbacks`, or those of the config where there are none.
 * Throws `usage` for a name that is neither an alias nor of a model.
 */
export function resolveRoute(name: string, fallbacks: readonly string[], names: ModelNames): string[] {
  const model = resolveModel(name, names)
  const configured = own(names.fallbacks, name) ?? own(names.fallbacks, model) ?? []
  const route = [model, ...(fallbacks.length > 0 ? fallbacks : configured).map((fallback) => resolveModel(fallback, names))]
  return [...new Set(route)]
}

/** Whether another model may be asked: this one is out of reach, limits the rate, has no credit left, or no room for the question. */
export function movesOn(error: unknown): error is HelixError {
  return HelixError.is(error) && (error.kind === 'unavailable' || error.kind === 'busy' || error.code === 'QUOTA_EXCEEDED' || error.code === 'CONTEXT_TOO_LONG')
}

function resolveModel(name: string, {aliases}: ModelNames): string {
  const meant = own(aliases, name)
  if (meant !== undefined) return meant
  const nearest = name.includes('/') ? undefined : nearestName(name, Object.keys(aliases))
  if (nearest) throw new HelixError('usage', `there is no alias ${name}`, {code: 'MODEL_INVALID', hint: `Did you mean ${nearest}?`})
  splitModel(name)
  return name
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined
}
