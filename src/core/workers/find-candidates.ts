import {existsSync} from 'node:fs'
import {HelixError} from '../errors/helix-error.js'
import {findHostKeys, type KnownHostsLine, readKnownHostsLines} from '../ssh/known-hosts.js'
import {listConfigHosts} from '../ssh/list-config-hosts.js'
import {isHashed, listKnownHosts} from '../ssh/list-known-hosts.js'
import {parseTarget} from '../ssh/parse-target.js'
import {knownAs, type ResolvedHost, resolveHost} from '../ssh/resolve-host.js'
import type {SshSettings} from '../ssh/ssh-settings.js'
import type {HostName} from '../ssh/verify-host-key.js'
import type {WorkerContext} from './manage-workers.js'
import type {WorkerRow} from './worker.js'
import {listWorkers} from './worker-store.js'

/** Hosts that ssh is asked about at the same time. */
const AT_ONCE = 4

/** A line of a file. */
export interface FilePlace {
  file: string
  line: number
}

/** A machine that could become a worker, as `--json` shows it. */
export interface WorkerCandidate {
  /** What the worker could be called; no other worker is. */
  name: string
  /** What `worker add` takes: an alias of ssh_config, or a host with its port. */
  target: string
  /** `openssh` where only the system's ssh gets there. */
  transport: 'ssh2' | 'openssh'
  host: string
  port: number
  username: string
  /** Those that are there. */
  identity_files: string[]
  proxy_jump: string[]
  /** Whether a known_hosts file has a key of it. */
  host_key_known: boolean
  /** The worker that it is already. */
  worker: string | null
  found_in: FilePlace[]
}

export interface Candidates {
  candidates: WorkerCandidate[]
  /** Lines of known_hosts with a hashed name that is none of the candidates'. */
  unread_hashed_lines: number
}

type Location = Pick<WorkerRow, 'name' | 'hostname' | 'port' | 'username'>

interface Found {
  target: string
  host: ResolvedHost
  places: FilePlace[]
  isKnown: boolean
  /** ssh_config says who logs in; known_hosts does not. */
  isFromConfig: boolean
}

/**
 * Finds the machines that the user's ssh_config and known_hosts name, each once, those of ssh_config first. Connects to none.
 * Throws (kind `config`) for a file that cannot be read or that ssh does not accept.
 */
export async function findCandidates({store, hostId, knownHostsFile}: WorkerContext): Promise<Candidates> {
  const names = await listConfigHosts()
  // Any host: it tells whether ssh accepts the files, and where known_hosts is.
  const defaults = await resolveHost({host: 'localhost'}, {proxyCommand: true})
  const found = new Map<string, Found>()
  for (const [{name, ...place}, host] of await resolveAll(names, ({name}) => parseTarget(name))) {
    addFound(found, {target: name, host, places: [place], isKnown: false, isFromConfig: true})
  }
  const filesOf = (host: ResolvedHost) => [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles, knownHostsFile]
  const lines = await readKnownHostsLines([defaults, ...[...found.values()].map(({host}) => host)].flatMap(filesOf))
  const keysOf = (host: ResolvedHost) => {
    const files = new Set(filesOf(host))
    const own = lines.filter(({file}) => files.has(file))
    const name = knownAs(host)
    const places = findKnown(own, name)
    // As for a connection, a key known for port 22 is good on another port; it may be another machine's all the same.
    return {places, isKnown: places.length > 0 || findKnown(own, {...name, port: 22}).length > 0}
  }
  const explained = new Set<string>()
  for (const candidate of found.values()) {
    const {places, isKnown} = keysOf(candidate.host)
    candidate.places.push(...places)
    candidate.isKnown = isKnown
    for (const place of places) explained.add(key(place))
  }
  const others = lines.filter((line) => line.marker === undefined && !explained.has(key(line)))
  for (const [{target, lines}, host] of await resolveAll(listKnownHosts(others), ({target}) => parseTarget(target))) {
    addFound(found, {target, host, places: lines.map(({file, line}) => ({file, line})), isKnown: keysOf(host).isKnown, isFromConfig: false})
  }
  const workers = await listWorkers(store, hostId)
  const locations = await locateWorkers(workers)
  const taken = new Set(['local', ...workers.map(({name}) => name)])
  return {
    candidates: [...found.values()].map((candidate) => describe(candidate, locations, taken)),
    unread_hashed_lines: others.filter(isHashed).length,
  }
}

/** Asks what ssh_config says about hosts; those with a name that Helix does not connect to are left out. */
async function resolveAll<T>(hosts: readonly T[], settingsOf: (host: T) => SshSettings): Promise<[T, ResolvedHost][]> {
  const resolved: ([T, ResolvedHost] | undefined)[] = []
  const waiting = [...hosts.entries()]
  const resolve = async (host: T): Promise<[T, ResolvedHost] | undefined> => {
    try {
      return [host, await resolveHost(settingsOf(host), {proxyCommand: true})]
    } catch (error) {
      if (HelixError.is(error) && error.kind === 'usage') return undefined
      throw error
    }
  }
  const takeNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) resolved[next[0]] = await resolve(next[1])
  }
  await Promise.all(Array.from({length: AT_ONCE}, takeNext))
  return resolved.filter((pair) => pair !== undefined)
}

function addFound(all: Map<string, Found>, found: Found): void {
  const {hostname, port, username, proxyJump} = found.host
  const same = [hostname.toLowerCase(), port, username, ...proxyJump].join(' ')
  const known = all.get(same)
  if (known === undefined) all.set(same, found)
  else {
    const places = new Set(known.places.map(key))
    known.places.push(...found.places.filter((place) => !places.has(key(place))))
  }
}

/** The lines that hold keys of a host; those of its revoked keys are not among them. */
function findKnown(lines: readonly KnownHostsLine[], {host, port}: HostName): FilePlace[] {
  const {known, revoked} = findHostKeys(lines, host, port)
  return known.filter(({blob}) => !revoked.some((other) => other.blob.equals(blob))).map(({file, line}) => ({file, line}))
}

/** Where workers are reached: those of the config have in the store what the config says, and ssh_config says the rest. */
async function locateWorkers(workers: readonly WorkerRow[]): Promise<Location[]> {
  const configured = await resolveAll(
    workers.filter(({origin}) => origin === 'config'),
    ({ssh_config}) => ssh_config,
  )
  return [...workers.filter(({origin}) => origin === 'command'), ...configured.map(([{name}, host]) => ({name, ...host}))]
}

function describe({target, host, places, isKnown, isFromConfig}: Found, workers: readonly Location[], taken: Set<string>): WorkerCandidate {
  const {hostname, port, username, proxyJump, identityFiles, hasProxyCommand} = host
  const isSame = (other: Location) =>
    other.hostname.toLowerCase() === hostname.toLowerCase() && other.port === port && (!isFromConfig || other.username === username)
  const worker = workers.find(isSame)
  return {
    name: worker?.name ?? chooseName(target, taken),
    target,
    transport: hasProxyCommand ? 'openssh' : 'ssh2',
    host: hostname,
    port,
    username: worker?.username ?? username,
    identity_files: identityFiles.filter((path) => existsSync(path)),
    proxy_jump: proxyJump,
    host_key_known: isKnown,
    worker: worker?.name ?? null,
    found_in: places,
  }
}

function chooseName(target: string, taken: Set<string>): string {
  const [, host = target] = /^(\[.*\]|[^:]*):\d+$/u.exec(target) ?? []
  const base =
    host
      .replace(/[^A-Za-z0-9._-]+/gu, '-')
      .replace(/^[^A-Za-z0-9]+|-+$/gu, '')
      .slice(0, 58) || 'worker'
  let name = base
  for (let number = 2; taken.has(name); number++) name = `${base}-${number}`
  taken.add(name)
  return name
}

function key({file, line}: FilePlace): string {
  return `${line} ${file}`
}
