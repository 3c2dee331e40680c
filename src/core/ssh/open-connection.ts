import {HelixError} from '../errors/helix-error.js'
import {prepareAuthentication} from './authenticate.js'
import {ANSWER_MS, type ConnectOptions, KEEPALIVE_MS} from './connect-options.js'
import {expandHome} from './expand-tokens.js'
import {Deadline, shakeHands} from './handshake.js'
import {orderAlgorithms} from './host-key.js'
import {closeLink, type Link, openForward} from './link.js'
import {openWithOpenssh} from './open-openssh.js'
import {openSocket} from './open-socket.js'
import {parseTarget} from './parse-target.js'
import {knownAs, type ResolvedHost, resolveHost} from './resolve-host.js'
import type {SshSettings} from './ssh-settings.js'
import {SshTransport} from './ssh-transport.js'
import {type HostKeyPolicy, prepareHostKeyCheck} from './verify-host-key.js'

const MOST_HOPS = 8

/**
 * Connects to a worker, through ssh2 or, where the settings say so, the system's ssh: reads ssh_config, goes through its jump hosts, checks every host key against the policy and logs in.
 * Throws `unavailable` (CONNECT_FAILED), `denied` (HOST_KEY_UNKNOWN, HOST_KEY_CHANGED, HOST_KEY_REVOKED, AUTH_FAILED), `config` or `usage`.
 */
export async function openConnection(settings: SshSettings, policy: HostKeyPolicy, options: ConnectOptions = {}): Promise<SshTransport> {
  const pinned = policy.pinned ?? settings.hostKey
  const strict = {...policy, ...(pinned !== undefined && {pinned})}
  const open = settings.transport === 'openssh' ? openWithOpenssh : openLink
  const link = await open(settings, strict, options)
  // The host has shown its key by then.
  const sameKey = {ownFile: policy.ownFile, pinned: link.hostKey.fingerprint}
  // For large files, where the system's ssh is the faster one.
  if (open === openLink) link.openShared = () => openWithOpenssh(settings, sameKey, options)
  return new SshTransport(link, () => open(settings, sameKey, options), options.maxSessions)
}

async function openLink(settings: SshSettings, policy: HostKeyPolicy, options: ConnectOptions, proxyJump?: string[], depth = 0): Promise<Link> {
  if (depth > MOST_HOPS) throw new HelixError('config', `ProxyJump to ${settings.host} goes round in a circle`, {code: 'SSH_CONFIG_INVALID'})
  const host = await resolveHost(settings, {...options, ...(proxyJump !== undefined && {proxyJump})})
  const hops = [...host.proxyJump]
  const last = hops.pop()
  if (last === undefined) return connectHost(host, settings, policy, options)
  // A fingerprint is the worker's, not that of the hosts on the way. Hosts before the last are as the list says, or as ssh_config says for the first.
  const {ownFile, acceptNew = false} = policy
  const hop: SshSettings = {...parseTarget(last), ...(settings.knownHosts !== undefined && {knownHosts: settings.knownHosts})}
  const via = await openLink(hop, {ownFile, acceptNew}, options, hops.length > 0 ? hops : undefined, depth + 1)
  try {
    return await connectHost(host, settings, policy, options, via)
  } catch (error) {
    await closeLink(via)
    throw error
  }
}

async function connectHost(host: ResolvedHost, settings: SshSettings, policy: HostKeyPolicy, options: ConnectOptions, via?: Link): Promise<Link> {
  const {connectTimeoutMs = 15_000, keepaliveMs = KEEPALIVE_MS, answerMs = ANSWER_MS, askSecret} = options
  const files = [...host.userKnownHostsFiles, ...host.globalKnownHostsFiles, ...(settings.knownHosts === undefined ? [] : [expandHome(settings.knownHosts)])]
  const check = await prepareHostKeyCheck(knownAs(host), files, policy)
  const deadline = new Deadline(connectTimeoutMs)
  const auth = await prepareAuthentication(host, settings, askSecret && ((question) => deadline.hold(() => askSecret(question))))
  let mismatch: unknown
  for (;;) {
    const algorithms = orderAlgorithms(check.knownTypes, check.mismatchedTypes)
    if (algorithms.length === 0) throw mismatch
    const mismatches = check.mismatchedTypes.length
    const socket = via === undefined ? await openSocket(host.hostname, host.port, connectTimeoutMs) : await openForward(via, host)
    try {
      const session = await shakeHands(socket, {host, check, algorithms, auth, deadline, keepaliveMs, answerMs})
      return {...session, host, socket, ...(via !== undefined && {via})}
    } catch (error) {
      // The fingerprint that is required may be that of the server's key of another type.
      if (check.mismatchedTypes.length === mismatches) throw mismatch !== undefined && hasNoMoreKeys(error) ? mismatch : error
      mismatch ??= error
    }
  }
}

function hasNoMoreKeys(error: unknown): boolean {
  return error instanceof Error && error.cause instanceof Error && error.cause.message.includes('no matching host key')
}
