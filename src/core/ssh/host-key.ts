import {createHash} from 'node:crypto'

/** A server's public key. */
export interface HostKey {
  /** As in the key itself, such as `ssh-ed25519`. */
  type: string
  /** The key in the wire format of RFC 4253, 6.6. */
  blob: Buffer
  /** `SHA256:` and the base64 digest without padding, as `ssh-keygen -l` shows it. */
  fingerprint: string
}

/** Reads a public key in wire format; undefined when the data is none. */
export function readHostKey(blob: Buffer): HostKey | undefined {
  if (blob.length < 5) return undefined
  const length = blob.readUInt32BE(0)
  if (length === 0 || length > 64 || blob.length <= 4 + length) return undefined
  return {type: blob.toString('latin1', 4, 4 + length), blob, fingerprint: fingerprintOf(blob)}
}

/** The SHA-256 fingerprint of a public key in wire format, as `ssh-keygen -l` prints it. */
function fingerprintOf(blob: Buffer): string {
  return `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/u, '')}`
}

/** True for a text of the form of `fingerprintOf`. */
export function isFingerprint(text: string): boolean {
  return /^SHA256:[A-Za-z0-9+/]{43}$/u.test(text)
}

// What ssh2 offers by itself, strongest first. ssh-rsa stays out: its signatures are SHA-1, and OpenSSH has not offered them since 8.8.
const ALGORITHMS = ['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'rsa-sha2-512', 'rsa-sha2-256'] as const

/** A host key algorithm that Helix offers. */
export type HostKeyAlgorithm = (typeof ALGORITHMS)[number]

/** The algorithms to offer a server, those of the known key types first, as OpenSSH does: a host known by one key is not to look changed because the server prefers another. */
export function orderAlgorithms(knownTypes: Iterable<string>, exceptTypes: Iterable<string> = []): HostKeyAlgorithm[] {
  const known = new Set(knownTypes)
  const except = new Set(exceptTypes)
  const offered = ALGORITHMS.filter((algorithm) => !except.has(keyTypeOf(algorithm)))
  return [...offered.filter((algorithm) => known.has(keyTypeOf(algorithm))), ...offered.filter((algorithm) => !known.has(keyTypeOf(algorithm)))]
}

// An RSA key is called ssh-rsa whatever hash signs with it (RFC 8332).
function keyTypeOf(algorithm: HostKeyAlgorithm): string {
  return algorithm.startsWith('rsa-') ? 'ssh-rsa' : algorithm
}
