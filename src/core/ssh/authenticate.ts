import type {AnyAuthMethod, AuthenticationType, AuthHandlerMiddleware, Prompt} from 'ssh2'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {resolveSecretReference} from '../security/secret-reference.js'
import {collectIdentities, type Identity, toAgent} from './identities.js'
import type {ResolvedHost} from './resolve-host.js'
import type {SshSettings} from './ssh-settings.js'

/** Asks the user for a password, passphrase or code; undefined when there is nobody to ask. Rejects when the user wants to leave instead. */
export type AskSecret = (question: string) => Promise<string | undefined>

/** The way through a server's authentication. */
export interface Authenticator {
  handler: AuthHandlerMiddleware
  /** What has been tried so far, without secrets, and why it did not work where that is known. */
  readonly tried: string[]
  /** Called with what keeps this side from going on, such as a secret that is not there. */
  onFailure?: (error: unknown) => void
}

// The order in which OpenSSH tries them, but that a password is not offered twice.
const METHODS: AuthenticationType[] = ['publickey', 'password', 'keyboard-interactive']

/** Prepares to log in. Throws (kind `config`) for a key file that is missing or unreadable and for a literal password. */
export async function prepareAuthentication(host: ResolvedHost, settings: SshSettings, askSecret?: AskSecret): Promise<Authenticator> {
  let unanswered: unknown
  const ask: AskSecret | undefined =
    askSecret &&
    ((question) =>
      askSecret(question).catch((error: unknown) => {
        unanswered = error
        throw error
      }))
  checkReference('password', settings.password)
  checkReference('passphrase', settings.passphrase)
  const tried: string[] = []
  const identities = await collectIdentities(host, {
    keyRequired: settings.keyPath !== undefined,
    passphraseFor: async (path) => (settings.passphrase === undefined ? ask?.(`Passphrase of ${path}: `) : resolveSecretReference(settings.passphrase)),
  })
  const readPassword = async () =>
    settings.password === undefined ? ask?.(`Password of ${host.username}@${host.hostname}: `) : resolveSecretReference(settings.password)
  const {username} = host
  let password: Promise<string | undefined> | undefined
  let pending = METHODS

  async function prepare(method: AuthenticationType): Promise<AnyAuthMethod | undefined> {
    if (method === 'publickey') {
      if (identities.length === 0) return undefined
      return {type: 'agent', username, agent: await toAgent(identities.map((identity) => recordTries(identity, tried)))}
    }
    password ??= readPassword()
    const secret = await password
    if (secret === undefined) return undefined
    // The server would only refuse the same password once more, by another name.
    if (method === 'password') pending = pending.filter((other) => other !== 'keyboard-interactive')
    tried.push(method)
    if (method === 'password') return {type: 'password', username, password: secret}
    return {
      type: 'keyboard-interactive',
      username,
      prompt: (_name, _text, _lang, prompts, finish) => void answer(prompts, secret, ask).then(finish, () => finish([])),
    }
  }

  async function choose(accepted: AuthenticationType[]): Promise<AnyAuthMethod | undefined> {
    while (pending.length > 0) {
      const [method, ...rest] = pending
      pending = rest
      const prepared = method !== undefined && accepted.includes(method) ? await prepare(method) : undefined
      if (prepared !== undefined) return prepared
    }
    // ssh2 does not pass on what a server wants beside a key that it has accepted, so a password that is configured is offered in any case.
    return settings.password !== undefined && password === undefined ? prepare('password') : undefined
  }

  const authenticator: Authenticator = {
    tried,
    handler(accepted, partial, next) {
      // The first question is which methods the server takes at all. ssh2 passes null then, whatever its types say.
      if ((accepted as AuthenticationType[] | null) === null) return next({type: 'none', username})
      // A server that wants several factors has taken one and names the others.
      if (partial) pending = METHODS
      const stop = next as (method: AnyAuthMethod | false) => void
      const fail = (error: unknown) => {
        authenticator.onFailure?.(error)
        stop(false)
      }
      // Who wants to leave is not asked for the next thing.
      if (unanswered !== undefined) fail(unanswered)
      else choose(accepted).then((method) => stop(method ?? false), fail)
    },
  }
  return authenticator
}

/** The error for a server that let nobody in (kind `denied`). */
export function authError(host: ResolvedHost, tried: string[], cause: unknown): HelixError {
  const tooMany = /too many authentication failures/iu.test(messageOf(cause))
  const methods = tried.length === 0 ? 'there was nothing to try' : `tried ${tried.join(', ')}`
  return new HelixError('denied', `${host.username}@${host.hostname} refused the login: ${methods}`, {
    code: 'AUTH_FAILED',
    hint: tooMany ? 'the server stops after a few keys: name the right one with --key' : 'check the user and the key (--key), or load the key with ssh-add',
    cause,
  })
}

function recordTries(identity: Identity, tried: string[]): Identity {
  // An identity's label is recorded when the server hears of it; a signature that fails replaces it by the reason.
  const entry = tried.push(identity.label) - 1
  return {
    ...identity,
    sign: (data, hash) =>
      identity.sign(data, hash).catch((error: unknown) => {
        tried[entry] = messageOf(error)
        throw error
      }),
  }
}

function checkReference(name: string, value: string | undefined): void {
  if (value === undefined || /^(?:env|keyring):./su.test(value)) return
  throw new HelixError('config', `the ${name} of a worker is written as env:NAME or keyring:NAME, never as the ${name} itself`, {code: 'SECRET_LITERAL'})
}

// The server's own question about the password gets the password; what else it wants to know, such as a code, is the user's to answer.
async function answer(prompts: Prompt[], password: string, ask: AskSecret | undefined): Promise<string[]> {
  const answers: string[] = []
  for (const {prompt, echo} of prompts) {
    const isPassword = echo !== true && (prompts.length === 1 || /passw/iu.test(prompt))
    answers.push(isPassword ? password : ((await ask?.(prompt)) ?? ''))
  }
  return answers
}
