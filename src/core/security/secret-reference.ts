import {HelixError} from '../errors/helix-error.js'
import {KEYRING_SERVICE, readKeyring} from './keyring.js'

const REFERENCE = /^(env|keyring):(.+)$/s

/** True for `env:NAME` and `keyring:NAME`. */
export function isSecretReference(text: string): boolean {
  return REFERENCE.test(text)
}

/** The secret that `env:NAME` or `keyring:NAME` (service `helix`) stands for. Throws kind `config` where there is none; never repeats what may be the secret itself. */
export async function resolveSecretReference(reference: string, env: NodeJS.ProcessEnv = process.env): Promise<string> {
  const [, kind, name = ''] = REFERENCE.exec(reference) ?? []
  if (kind === 'env') return readVariable(name, env)
  if (kind === 'keyring') {
    const secret = await readKeyring(name)
    if (secret) return secret
    throw new HelixError('config', `the secret keyring:${name} is not there: the keyring has no entry ${name} of the service ${KEYRING_SERVICE}`, {
      code: 'SECRET_MISSING',
      hint: "Add it with your system's keyring program, or use env:NAME",
    })
  }
  throw new HelixError('config', 'a secret is written as env:NAME or keyring:NAME', {code: 'SECRET_REFERENCE_INVALID'})
}

function readVariable(name: string, env: NodeJS.ProcessEnv): string {
  const secret = env[name]
  if (secret) return secret
  throw new HelixError('config', `the secret env:${name} is not there: the variable ${name} is ${secret === undefined ? 'not set' : 'empty'}`, {
    code: 'SECRET_MISSING',
    hint: `Set it where helix starts: export ${name}=…`,
  })
}
