import {createHmac} from 'node:crypto'
import {readFile} from 'node:fs/promises'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {type HostKey, readHostKey} from './host-key.js'

/** What a usable line of a known_hosts file says. */
interface KnownHostsEntry {
  /** The first field: names and patterns, or one hashed name. */
  hosts: string
  marker?: string
  key: HostKey
}

/** A usable line of a known_hosts file, and where it stands. */
export interface KnownHostsLine extends KnownHostsEntry {
  file: string
  /** Counted from 1. */
  line: number
}

/** A host's key, and where it is written down. */
export interface KnownHostKey extends HostKey {
  file: string
  line: number
}

/** The keys that known_hosts files hold for one host. */
export interface HostKeys {
  known: KnownHostKey[]
  /** Keys marked `@revoked`: a host that shows one is refused whatever else is known. */
  revoked: KnownHostKey[]
}

/** The name under which known_hosts has a host: lower case, and `[host]:port` for a port other than 22. */
export function knownHostsName(host: string, port: number): string {
  const name = host.toLowerCase()
  return port === 22 ? name : `[${name}]:${port}`
}

/** Parses a line as sshd(8), SSH_KNOWN_HOSTS FILE FORMAT, describes it; undefined for a comment and for what is none. */
function parseKnownHostsLine(line: string): KnownHostsEntry | undefined {
  const fields = line.trim().split(/[ \t]+/u)
  const marker = fields[0]?.startsWith('@') ? fields.shift() : undefined
  const [hosts, type, base64] = fields
  if (!hosts || hosts.startsWith('#') || !type || !base64 || !/^[A-Za-z0-9+/]+=*$/u.test(base64)) return undefined
  const key = readHostKey(Buffer.from(base64, 'base64'))
  if (key === undefined || key.type !== type) return undefined
  return {hosts, key, ...(marker !== undefined && {marker})}
}

/** True when the first field of a line names the host, given as `knownHostsName` writes it. */
function matchesHost(hosts: string, name: string): boolean {
  if (hosts.startsWith('|')) return matchesHash(hosts, name)
  let matched = false
  for (const pattern of hosts.split(',')) {
    const negated = pattern.startsWith('!')
    if (!toRegExp(negated ? pattern.slice(1) : pattern).test(name)) continue
    if (negated) return false
    matched = true
  }
  return matched
}

/** Collects what the files hold for a host. A file that is not there holds nothing; one that cannot be read is an error (kind `config`), since it may revoke a key. */
export async function lookupHostKeys(files: string[], host: string, port: number): Promise<HostKeys> {
  return findHostKeys(await readKnownHostsLines(files), host, port)
}

/** Reads the usable lines of files, each file once. Throws as `lookupHostKeys` does. */
export async function readKnownHostsLines(files: readonly string[]): Promise<KnownHostsLine[]> {
  const lines: KnownHostsLine[] = []
  for (const file of new Set(files)) {
    for (const [index, text] of (await readKnownHosts(file)).split('\n').entries()) {
      const entry = parseKnownHostsLine(text)
      if (entry !== undefined) lines.push({...entry, file, line: index + 1})
    }
  }
  return lines
}

/** Picks what lines of known_hosts hold for a host. */
export function findHostKeys(lines: readonly KnownHostsLine[], host: string, port: number): HostKeys {
  const name = knownHostsName(host, port)
  const found: HostKeys = {known: [], revoked: []}
  for (const {hosts, marker, key, file, line} of lines) {
    if (!matchesHost(hosts, name)) continue
    if (marker === undefined) found.known.push({...key, file, line})
    // Keys of a certificate authority are not the host's own, and Helix takes no certificates.
    else if (marker === '@revoked') found.revoked.push({...key, file, line})
  }
  return found
}

async function readKnownHosts(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    const {code} = error as NodeJS.ErrnoException
    if (code === 'ENOENT' || code === 'ENOTDIR') return ''
    throw new HelixError('config', `cannot read the known_hosts file ${file}: ${messageOf(error)}`, {code: 'KNOWN_HOSTS_UNREADABLE', cause: error})
  }
}

// |1|salt|hash, where hash is the HMAC-SHA1 of the name: hosts hashed by HashKnownHosts.
function matchesHash(field: string, name: string): boolean {
  const [, version, salt = '', hash = ''] = field.split('|')
  return version === '1' && createHmac('sha1', Buffer.from(salt, 'base64')).update(name).digest('base64') === hash
}

// Only * and ? are special; the brackets of [host]:port are not.
function toRegExp(pattern: string): RegExp {
  const source = pattern.toLowerCase().replace(/[.*+?^${}()|[\]\\]/gu, (char) => ({'*': '.*', '?': '.'})[char] ?? `\\${char}`)
  return new RegExp(`^${source}$`, 'su')
}
