import {chmod, mkdtemp, readFile, writeFile} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {type HostKey, readHostKey} from './host-key.js'
import {type OpensshProcess, whileRunning} from './openssh-master.js'
import {appendLines} from './remember-host-key.js'

// What a socket's address may be long, less the random ending under which ssh makes it first; sun_path has 104 bytes on macOS.
const LONGEST_SOCKET = 80

/** The name under which the worker's own key stands in `keys`, whatever the worker's host is called. */
export const KEY_ALIAS = 'helix-worker'

/** What a private folder for one master is made from. */
export interface OpensshFolderOptions {
  /** Read instead of the user's and the system's ssh_config; `none` reads no file. */
  configFile: string | undefined
  /** known_hosts files for the hosts on the way. */
  hopFiles: string[]
  /** Helix's own known_hosts file. */
  ownFile: string
  /** Whether a key that is not known yet is taken from a host on the way. */
  acceptNew: boolean
  keepaliveSeconds: number
}

/** A folder that only this user can read, for one ssh, with which it goes: an ssh_config for ssh and the ssh processes of its jump hosts, known host keys, the control socket. */
export class OpensshFolder {
  readonly path: string
  readonly #hops: string
  readonly #ownFile: string

  private constructor(path: string, hops: string, ownFile: string) {
    this.path = path
    this.#hops = hops
    this.#ownFile = ownFile
  }

  static async make(options: OpensshFolderOptions): Promise<OpensshFolder> {
    // One file that ssh may add to, since ssh_config cannot name every path.
    const hops = (await Promise.all([...new Set([...options.hopFiles, options.ownFile])].map(readKnownHosts))).join('')
    const path = await makeShortFolder()
    await writeFile(join(path, 'hops'), hops)
    await writeFile(join(path, 'config'), configText(path, options))
    return new OpensshFolder(path, hops, options.ownFile)
  }

  get config(): string {
    return join(this.path, 'config')
  }

  get socket(): string {
    return join(this.path, 'm')
  }

  /** Where the keys are that the worker may show. */
  get keys(): string {
    return join(this.path, 'keys')
  }

  /** Where ssh writes the key that a worker shows. */
  get shown(): string {
    return join(this.path, 'shown')
  }

  /** Makes a key the only one that the worker may show. */
  async allowKey({type, blob}: HostKey): Promise<void> {
    await writeFile(this.keys, `${KEY_ALIAS} ${type} ${blob.toString('base64')}\n`)
  }

  /** Waits for the key that ssh writes to `shown`. Rejects with what ssh said when it ends before. */
  async readShownKey(ssh: OpensshProcess, timeoutMs: number): Promise<HostKey> {
    const read = async () => {
      const text = await readFile(this.shown, 'utf8').catch(() => '')
      const base64 = text.endsWith('\n') ? text.trim().split(' ')[2] : undefined
      return base64 === undefined ? undefined : readHostKey(Buffer.from(base64, 'base64'))
    }
    return whileRunning(ssh, timeoutMs, read)
  }

  /** Remembers the keys of hosts on the way that ssh took for new. */
  async keepNewHops(): Promise<void> {
    const now = await readFile(join(this.path, 'hops'), 'utf8')
    if (now.length > this.#hops.length) await appendLines(this.#ownFile, now.slice(this.#hops.length))
  }
}

async function makeShortFolder(): Promise<string> {
  const roots = [process.env.XDG_RUNTIME_DIR, tmpdir(), '/tmp']
  for (const root of roots) {
    if (!root || Buffer.byteLength(join(root, 'helix-XXXXXX', 'm')) > LONGEST_SOCKET || /["%$\n]/u.test(root)) continue
    const path = await mkdtemp(join(root, 'helix-')).catch(() => undefined)
    if (path === undefined) continue
    await chmod(path, 0o700)
    return path
  }
  throw new HelixError('unavailable', 'there is no folder for the control socket of ssh', {
    code: 'SSH_RUN_FOLDER',
    hint: 'XDG_RUNTIME_DIR or TMPDIR must be short and writable',
  })
}

// The first value of an option counts, so what stands before the user's file cannot be changed by it; this file reaches the hosts on the way too.
function configText(path: string, {configFile, acceptNew, keepaliveSeconds}: OpensshFolderOptions): string {
  const included = configFile === undefined ? ['~/.ssh/config', '/etc/ssh/ssh_config'] : configFile === 'none' ? [] : [configFile]
  if (included.some((file) => /["\n]/u.test(file)))
    throw new HelixError('config', 'the path of ssh_config cannot contain a quote', {code: 'SSH_CONFIG_INVALID'})
  return [
    'Host *',
    '  BatchMode yes',
    `  StrictHostKeyChecking ${acceptNew ? 'accept-new' : 'yes'}`,
    `  UserKnownHostsFile "${path}/hops"`,
    '  UpdateHostKeys no',
    // A master of the user's own has logged in under other rules.
    '  ControlMaster no',
    '  ControlPath none',
    '  ControlPersist no',
    '  VerifyHostKeyDNS no',
    '  LogLevel INFO',
    `  ServerAliveInterval ${keepaliveSeconds}`,
    `  ServerAliveCountMax 1`,
    '  ClearAllForwardings yes',
    '  PermitLocalCommand no',
    '  RemoteCommand none',
    '  Tunnel no',
    ...included.map((file) => `  Include "${file}"`),
    '',
  ].join('\n')
}

async function readKnownHosts(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return ''
    throw new HelixError('config', `cannot read the known_hosts file ${file}: ${messageOf(error)}`, {code: 'KNOWN_HOSTS_UNREADABLE', cause: error})
  })
  return text === '' || text.endsWith('\n') ? text : `${text}\n`
}
