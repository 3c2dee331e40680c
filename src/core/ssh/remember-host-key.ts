import {mkdir, open} from 'node:fs/promises'
import {dirname} from 'node:path'
import {HelixError, messageOf} from '../errors/helix-error.js'
import type {HostKey} from './host-key.js'
import {knownHostsName, lookupHostKeys} from './known-hosts.js'

/** Adds a host's key to a known_hosts file, unless it is there. Any number of processes may do so at once. Throws (kind `config`) when it cannot be written. */
export async function rememberHostKey(file: string, host: string, port: number, key: HostKey): Promise<void> {
  const {known} = await lookupHostKeys([file], host, port)
  if (known.some((other) => other.blob.equals(key.blob))) return
  await appendLines(file, `${knownHostsName(host, port)} ${key.type} ${key.blob.toString('base64')}\n`)
}

/** Adds whole lines to a known_hosts file, as `rememberHostKey` does. */
export async function appendLines(file: string, lines: string): Promise<void> {
  try {
    await mkdir(dirname(file), {recursive: true, mode: 0o700})
    await append(file, lines)
  } catch (error) {
    throw new HelixError('config', `cannot write the host key to ${file}: ${messageOf(error)}`, {code: 'KNOWN_HOSTS_UNWRITABLE', cause: error})
  }
}

async function append(file: string, lines: string): Promise<void> {
  const handle = await open(file, 'a+', 0o600)
  try {
    const {size} = await handle.stat()
    const last = Buffer.alloc(1)
    if (size > 0) await handle.read(last, 0, 1, size - 1)
    // One write at the end of the file, so that lines of several processes cannot mix. Two of them may both see a missing newline and leave an empty line, which is harmless.
    const data = Buffer.from(size > 0 && last.toString() !== '\n' ? `\n${lines}` : lines)
    const {bytesWritten} = await handle.write(data)
    if (bytesWritten !== data.length) throw new Error('the disk is full')
  } finally {
    await handle.close()
  }
}
