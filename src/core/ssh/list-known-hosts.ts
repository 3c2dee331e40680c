import type {KnownHostsLine} from './known-hosts.js'

/** A host that known_hosts names in the clear. */
export interface NamedHost {
  /** As it is written on a command line: the host, and its port where that is not 22. */
  target: string
  lines: KnownHostsLine[]
}

/**
 * Lists the hosts that lines of known_hosts name: the names of one line are those of one host, and lines that share a name are of
 * the same. Hashed names, patterns and lines with a marker (`@revoked`, `@cert-authority`) name none.
 */
export function listKnownHosts(lines: readonly KnownHostsLine[]): NamedHost[] {
  const byName = new Map<string, NamedHost>()
  const hosts: NamedHost[] = []
  for (const line of lines) {
    if (line.marker !== undefined || isHashed(line)) continue
    const names = line.hosts
      .toLowerCase()
      .split(',')
      .filter((name) => name !== '' && !/[*?]|^!/u.test(name))
    const [first] = names
    if (first === undefined) continue
    const known = names.map((name) => byName.get(name)).find(Boolean)
    // The brackets around a name that is no IPv6 address are known_hosts' own.
    const host = known ?? {target: first.replace(/^\[([^:]*)\]:/u, '$1:'), lines: []}
    host.lines.push(line)
    for (const name of names) byName.set(name, host)
    if (!known) hosts.push(host)
  }
  return hosts
}

/** True for a line whose host cannot be read, only recognised (ssh_config(5), HashKnownHosts). */
export function isHashed({hosts}: KnownHostsLine): boolean {
  return hosts.startsWith('|')
}
