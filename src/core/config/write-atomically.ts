import {existsSync} from 'node:fs'
import {messageOf} from '../errors/helix-error.js'
import {configError} from './config-error.js'

/** Replaces a file whole or not at all. An existing one keeps its mode; a new one gets `mode`. Throws kind `config` where it cannot be written. */
export async function writeAtomically(file: string, content: string, mode: number): Promise<void> {
  const {default: writeFileAtomic} = await import('write-file-atomic')
  try {
    await writeFileAtomic(file, content, existsSync(file) ? {} : {mode})
  } catch (error) {
    throw configError(file, `cannot be written: ${messageOf(error)}`, {code: 'CONFIG_UNWRITABLE', cause: error})
  }
}
