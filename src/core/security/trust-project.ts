import {existsSync} from 'node:fs'
import {resolve} from 'node:path'
import {findProjectFile, findUserFile} from '../config/find-config-files.js'
import type {ConfigLocation} from '../config/load-config.js'
import {readConfigFile} from '../config/read-config-file.js'
import {readLayer} from '../config/read-layer.js'
import {type ShownSetting, showLayer} from '../config/show-settings.js'
import {HelixError} from '../errors/helix-error.js'
import {hashContent, listTrusted, revokeTrust, type TrustedFile, trustFile} from './project-trust.js'

/** A project's file that has just been trusted, and what counts from now on. */
export interface TrustedProject extends TrustedFile {
  settings: ShownSetting[]
}

/** A file that was trusted once: it still is, its content has changed since, or it is gone. */
export interface TrustState extends TrustedFile {
  state: 'trusted' | 'changed' | 'gone'
}

/** Trusts the nearest project file, or the one given, with the content it has now. Throws kind `config` where there is none or it is wrong. */
export async function trustProject(file: string | undefined, location: ConfigLocation): Promise<TrustedProject> {
  const userFile = findUserFile(location.configDir)
  const below = userFile === undefined ? [] : [await readLayer(userFile, 'user', [])]
  const layer = await readLayer(locateFile(file, location), 'project', below)
  const trusted = await trustFile(layer.read.file, layer.read.content, location.configDir)
  return {...trusted, settings: showLayer(layer)}
}

/** Takes back the trust in the nearest project file, or the one given; `revoked` is false where there was none. */
export async function revokeProject(file: string | undefined, location: ConfigLocation): Promise<{file: string; revoked: boolean}> {
  const located = locateFile(file, location)
  return {file: located, revoked: await revokeTrust(located, location.configDir)}
}

/** What the user has trusted, each with the state it is in now. */
export async function listTrustStates(configDir: string): Promise<TrustState[]> {
  return await Promise.all((await listTrusted(configDir)).map(async (trusted) => ({...trusted, state: await stateOf(trusted)})))
}

async function stateOf({file, sha256}: TrustedFile): Promise<TrustState['state']> {
  if (!existsSync(file)) return 'gone'
  // A file that cannot be read any more is not what was trusted.
  const content = await readConfigFile(file).then(
    (read) => read.content,
    () => undefined,
  )
  return content !== undefined && hashContent(content) === sha256 ? 'trusted' : 'changed'
}

function locateFile(file: string | undefined, {cwd, configDir}: ConfigLocation): string {
  const located = file === undefined ? findProjectFile(cwd, findUserFile(configDir)) : resolve(cwd, file)
  if (located !== undefined) return located
  throw new HelixError('config', `no project config in ${cwd} or the folders above it`, {
    code: 'PROJECT_CONFIG_MISSING',
    hint: 'Make one with: helix config set PATH VALUE --project',
  })
}
