import {HelixError, messageOf} from '../errors/helix-error.js'

// Name under which Helix's secrets stand in the keyring of the operating system.
export const KEYRING_SERVICE = 'helix'

/** An entry of the operating system's keyring. Its methods reject where there is no keyring or it is locked. */
export async function keyringEntry(name: string) {
  const {AsyncEntry} = await import('@napi-rs/keyring')
  return new AsyncEntry(KEYRING_SERVICE, name)
}

/** The secret under a name; undefined where there is none. Throws `config` where the keyring cannot be read. */
export async function readKeyring(name: string): Promise<string | undefined> {
  try {
    return (await (await keyringEntry(name)).getPassword()) ?? undefined
  } catch (error) {
    throw new HelixError('config', `the keyring of this system cannot be read for keyring:${name}: ${messageOf(error)}`, {
      code: 'KEYRING_UNAVAILABLE',
      hint: 'Unlock it, or use env:NAME where there is no keyring, as in CI',
      cause: error,
    })
  }
}
