import {HelixError} from '../errors/helix-error.js'
import {type HostKey, isFingerprint} from './host-key.js'
import {type HostKeys, type KnownHostKey, lookupHostKeys} from './known-hosts.js'
import {rememberHostKey} from './remember-host-key.js'

/** Which host keys are taken. There is no connection without one. */
export interface HostKeyPolicy {
  /** Helix's own known_hosts file: the only one that is ever written. */
  ownFile: string
  /** Take, and remember, the key of a host that no file knows yet, as OpenSSH's `accept-new`. */
  acceptNew?: boolean
  /** The fingerprint that the user gave with `--host-key`: the only key that is taken. */
  expected?: string
  /** The fingerprint in the worker's row, when it is not in the settings: the only key that is taken. */
  pinned?: string
}

/** A host as known_hosts files name it. */
export interface HostName {
  host: string
  port: number
}

/** What is known of a host before the connection is made, and the check of the key that it then shows. */
export interface HostKeyCheck {
  /** Types of the keys known for the host, to be offered first. */
  readonly knownTypes: string[]
  /** The key that the policy requires, where a file has it: no other is taken. */
  readonly required: HostKey | undefined
  /** Types of the keys that were shown although the policy requires another one. */
  readonly mismatchedTypes: string[]
  /** Settles when the key is taken; throws (kind `denied`) when it is not. */
  verify(key: HostKey): Promise<void>
}

/** Reads what is known of a host. Throws (kind `usage`) when a fingerprint has not the form `SHA256:…`. */
export async function prepareHostKeyCheck(name: HostName, files: string[], policy: HostKeyPolicy): Promise<HostKeyCheck> {
  const required = policy.expected ?? policy.pinned
  if (required !== undefined && !isFingerprint(required)) {
    throw new HelixError('usage', `${JSON.stringify(required)} is not a host key fingerprint`, {
      code: 'HOST_KEY_INVALID',
      hint: 'Write it as SHA256: and 43 characters, as ssh-keygen -l prints it',
    })
  }
  const all = [...files, policy.ownFile]
  const keys = await lookupHostKeys(all, name.host, name.port)
  // As OpenSSH does, a key known for the host's port 22 is good on another port; a different one there says nothing.
  const onPort22 = name.port === 22 ? {known: [], revoked: []} : await lookupHostKeys(all, name.host, 22)
  const revoked = [...keys.revoked, ...onPort22.revoked]
  const mismatchedTypes: string[] = []
  return {
    knownTypes: [...keys.known, ...onPort22.known].map(({type}) => type),
    required: [...keys.known, ...onPort22.known].find(({fingerprint, blob}) => fingerprint === required && !revoked.some((other) => other.blob.equals(blob))),
    mismatchedTypes,
    async verify(key) {
      if (revoked.some((other) => other.blob.equals(key.blob))) throw revokedError(name, key)
      if (required !== undefined && key.fingerprint !== required) {
        mismatchedTypes.push(key.type)
        throw changedError(name, key, required, policy.expected === undefined ? 'has changed' : 'is not the one that was given')
      }
      if ([...keys.known, ...onPort22.known].some((other) => other.blob.equals(key.blob))) return
      if (required === undefined) {
        const [first] = keys.known
        if (first !== undefined) throw changedError(name, key, describeKnown(keys, first))
        if (policy.acceptNew !== true) throw unknownError(name, key)
      }
      await rememberHostKey(policy.ownFile, name.host, name.port, key)
    },
  }
}

function describeKnown({known}: HostKeys, {file, line}: KnownHostKey): string {
  return `${known.map(({type, fingerprint}) => `${type} ${fingerprint}`).join(' or ')} (${file}, line ${line})`
}

function unknownError(name: HostName, {type, fingerprint}: HostKey): HelixError {
  return new HelixError('denied', `the host key of ${show(name)} is not known: ${type} ${fingerprint}`, {
    code: 'HOST_KEY_UNKNOWN',
    hint: `Compare it with ssh-keygen -lf /etc/ssh/${publicKeyFile(type)} on the machine, then accept it with --host-key ${fingerprint}, or unseen with --accept-new`,
  })
}

function changedError(name: HostName, {type, fingerprint}: HostKey, known: string, what = 'has changed'): HelixError {
  return new HelixError('denied', `the host key of ${show(name)} ${what}: it shows ${type} ${fingerprint}, expected is ${known}. Nothing was executed`, {
    code: 'HOST_KEY_CHANGED',
    hint: `Somebody may be listening in, or the machine was installed anew. Compare it with ssh-keygen -lf /etc/ssh/${publicKeyFile(type)} there; if it is right, give --host-key ${fingerprint} to helix worker trust-key, or to worker add`,
  })
}

function revokedError(name: HostName, {type, fingerprint}: HostKey): HelixError {
  return new HelixError('denied', `the host key of ${show(name)} is revoked: ${type} ${fingerprint}. Nothing was executed`, {
    code: 'HOST_KEY_REVOKED',
    hint: 'A known_hosts file marks it @revoked: give the machine a new host key',
  })
}

function publicKeyFile(type: string): string {
  return `ssh_host_${/ed25519|ecdsa|rsa/u.exec(type)?.[0] ?? 'ed25519'}_key.pub`
}

function show({host, port}: HostName): string {
  return port === 22 ? host : `${host} port ${port}`
}
