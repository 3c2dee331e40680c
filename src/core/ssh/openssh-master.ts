import {rm} from 'node:fs/promises'
import type {Socket} from 'node:net'
import type {Readable} from 'node:stream'
import {setTimeout as sleep} from 'node:timers/promises'
import {errorCode, HelixError, messageOf} from '../errors/helix-error.js'
import {openMuxSocket} from './mux-socket.js'

const POLL_MS = 10

// What ssh and its folder would outlive: a Helix that is killed. Its standard input ends with Helix, and then ssh is ended.
// The words of ssh are arguments, which this shell hands on and never reads.
const GUARD = 'd=$1; shift; "$@" </dev/null & p=$!; exec >/dev/null 2>&1; read -r _; kill "$p"; wait "$p"; rm -rf "$d"'

/** A running ssh. */
export interface OpensshProcess {
  /** Resolves with what it said once it has ended. */
  ended: Promise<string>
  /** Ends it, if it has not ended by itself, and removes its folder. */
  end(): Promise<void>
}

/** Starts the system's ssh with these words. Its folder stays until `end`, for what ssh has left in it, and goes with Helix where that was killed. */
export async function startOpenssh(folder: string, words: readonly string[]): Promise<OpensshProcess> {
  const {execa} = await import('execa')
  // A session of its own, so that the terminal's signals do not reach it and it cannot ask there.
  const child = execa('sh', ['-c', GUARD, 'sh', folder, 'ssh', ...words], {
    detached: true,
    reject: false,
    stdin: 'pipe',
    stdout: 'ignore',
    stderr: 'pipe',
    buffer: false,
    env: {LC_ALL: 'C', SSH_ASKPASS_REQUIRE: 'never'},
  })
  child.stdin.on('error', () => {})
  const ended = lastWords(child.stderr)
  return {
    ended,
    async end() {
      child.stdin.end()
      await ended
      await child
      // The shell may have been killed before it came to that.
      await rm(folder, {recursive: true, force: true})
    },
  }
}

/** Waits for a master's control socket and opens it. Rejects as `whileRunning` does, and with kind `unavailable` when this ssh does not share connections. */
export function openMaster(process: OpensshProcess, path: string, timeoutMs: number): Promise<Socket> {
  return whileRunning(process, timeoutMs, async () => {
    try {
      return await openMuxSocket(path)
    } catch (error) {
      if (['ENOENT', 'ECONNREFUSED'].includes(errorCode(error))) return undefined
      throw new HelixError('unavailable', `ssh does not share its connection: ${messageOf(error)}`, {code: 'SSH_SHARE_FAILED', cause: error})
    }
  })
}

/** Looks again and again until there is something, while ssh runs. Rejects with what ssh said once it has ended, with nothing when it takes too long. */
export async function whileRunning<T>({ended}: OpensshProcess, timeoutMs: number, look: () => Promise<T | undefined>): Promise<T> {
  let said: string | undefined
  void ended.then((words) => {
    said = words
  })
  for (const until = performance.now() + timeoutMs; performance.now() < until; await sleep(POLL_MS)) {
    // Once more after its end, which may come right after what is waited for.
    const last = said
    const found = await look()
    if (found !== undefined) return found
    if (last !== undefined) throw new OpensshEnded(last)
  }
  throw new OpensshEnded('')
}

/** ssh ended without a connection; the message is what it said. */
export class OpensshEnded extends Error {}

// The end of it: a banner may come before.
async function lastWords(stream: Readable): Promise<string> {
  let text = ''
  for await (const chunk of stream) text = (text + String(chunk)).slice(-8_000)
  return text.replaceAll('\r', '')
}
