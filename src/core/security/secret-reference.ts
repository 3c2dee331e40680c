import {HelixError, messageOf} from '../errors/helix-error.js'

// Name under which Helix's secrets stand in the keyring of the operating system.
const KEYRING_SERVICE = 'helix'

const REFERENCE = /^(env|keyring):(.+)$/s

/** True for `env:NAME` and `keyring:NAME`. */
export function isSecretReference(text: string): boolean {
  return REFERENCE.test(text)
}

/** The secret that `env:NAME` or `keyring:NAME` (service `helix`) stands for. Throws kind `config` where there is none; never repeats what may be the secret itself. */
export async function resolveSecretReference(reference: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const [, kind, name = ''] = REFERENCE.exec(reference) ?? []
  if (kind === 'env') return readVariable(name, env)
  if (kind === 'keyring') return await readKeyring(name)
  throw new HelixError('config', 'a secret is written as env:NAME or keyring:NAME', {code: 'SECRET_REFERENCE_INVALID'})
}

function readVariable(name: string, env: NodeJS.ProcessEnv): string {
  const secret = env[name]
  if (secret) return secret
  throw new HelixError('config', `the secret env:${name} is not there: the variable ${name} is ${secret === undefined ? 'not set' : 'empty'}`, {
    code: 'SECRET_MISSING',
    hint: `set it where helix starts: export ${name}=…`,
  })
}

async function readKeyring(name: string): Promise<string> {
  let secret: string | null | undefined
  try {
    const {AsyncEntry} = await import('@napi-rs/keyring')
    secret = await new AsyncEntry(KEYRING_SERVICE, name).getPassword()
  } catch (error) {
    throw new HelixError('config', `the keyring of this system cannot be read for keyring:${name}: ${messageOf(error)}`, {
      code: 'KEYRING_UNAVAILABLE',
      hint: 'unlock it, or use env:NAME where there is no keyring, as in CI',
      cause: error,
    })
  }
  if (secret) return secret
  throw new HelixError('config', `the secret keyring:${name} is not there: the keyring has no entry ${name} of the service ${KEYRING_SERVICE}`, {
    code: 'SECRET_MISSING',
    hint: "add it with your system's keyring program, or use env:NAME",
  })
}
