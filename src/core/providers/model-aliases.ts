import {formatPath} from '../config/config-path.js'
import {setSetting, unsetSetting} from '../config/edit-config.js'
import type {ConfigLocation} from '../config/load-config.js'
import {HelixError} from '../errors/helix-error.js'
import {splitModel} from './model-name.js'
import type {ProviderRegistry} from './provider-registry.js'

/** A short name for a model. */
export interface ModelAlias {
  alias: string
  /** `provider/model` */
  model: string
}

export interface AliasContext {
  /** Those of the config. */
  aliases: Readonly<Record<string, string>>
  location: ConfigLocation
  providers: () => Promise<ProviderRegistry>
}

export interface AliasChange {
  name?: string | undefined
  /** What the name is to stand for. */
  model?: string | undefined
  remove?: boolean
}

/** Sets or removes an alias in the user's config, or changes nothing; resolves to the alias named, or to all. Throws `usage` for one that there is not, and for a model of no provider. */
export async function changeAlias({name, model, remove = false}: AliasChange, {aliases, location, providers}: AliasContext): Promise<ModelAlias[]> {
  const path = name === undefined ? '' : formatPath(['models', 'aliases', name])
  if (model !== undefined && name !== undefined) {
    if (remove) throw new HelixError('usage', 'an alias is either set or removed', {code: 'ALIAS_INVALID'})
    ;(await providers()).find(splitModel(model).provider)
    await setSetting(path, model, 'user', location)
    return [{alias: name, model}]
  }
  if (name === undefined) {
    if (remove) throw new HelixError('usage', 'which alias is to be removed?', {code: 'ALIAS_INVALID'})
    return Object.entries(aliases).map(([alias, named]) => ({alias, model: named}))
  }
  const known = Object.hasOwn(aliases, name) ? aliases[name] : undefined
  if (known === undefined)
    throw new HelixError('usage', `there is no alias ${name}`, {code: 'ALIAS_UNKNOWN', hint: 'See those that there are: helix model alias'})
  if (!remove) return [{alias: name, model: known}]
  const {removed, file} = await unsetSetting(path, 'user', location)
  if (!removed)
    throw new HelixError('config', `the alias ${name} is not set in ${file}`, {code: 'ALIAS_ELSEWHERE', hint: 'See where: helix config list --show-origin'})
  return []
}
