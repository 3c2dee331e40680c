import {Readable, Writable} from 'node:stream'
import type {ClientChannel} from 'ssh2'
import {HelixError} from '../errors/helix-error.js'
import type {ProcessExit, WorkerProcess} from '../workers/transport.js'

/** Presents an exec channel as a process. Its streams behave as a child process's do: writing after the process is gone fails instead of hanging, and nothing has to be read. `lost` is aborted, with a HelixError, when the connection is. */
export function toWorkerProcess(channel: ClientChannel, lost: AbortSignal): WorkerProcess {
  const stdin = writeTo(channel)
  const stdout = readFrom(channel)
  const stderr = readFrom(channel.stderr)
  const exit = new Promise<ProcessExit>((resolve, reject) => {
    let ended = false
    channel.once('exit', () => {
      ended = true
    })
    const onLost = () => {
      stdin.destroy()
      if (!(ended && isDelivered(channel))) reject(lost.reason)
    }
    lost.addEventListener('abort', onLost)
    channel.once('close', (code?: number | null, signal?: string) => {
      lost.removeEventListener('abort', onLost)
      stdin.destroy()
      if (code === undefined) return reject(sessionError())
      const result = {code, signal: signal?.replace(/^SIG/u, '') ?? null}
      Promise.all([untilRead(stdout), untilRead(stderr)]).then(() => resolve(result), reject)
    })
  })
  // Who starts a process and never asks how it ended must not crash for it.
  exit.catch(() => {})
  return {stdin, stdout, stderr, exit}
}

// ssh2's own channel never calls back a write that meets a closed channel.
function writeTo(channel: ClientChannel): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      channel.write(chunk, () => done())
    },
    final(done) {
      channel.end()
      done()
    },
    destroy(error, done) {
      channel.end()
      done(error)
    },
  })
}

function readFrom(source: Readable): Readable {
  const stream = new Readable({
    read: () => source.resume(),
    destroy(error, done) {
      // What nobody wants must not keep the channel from closing.
      source.resume()
      done(error)
    },
  })
  source.on('data', (chunk: Buffer) => {
    if (!stream.destroyed && !stream.push(chunk)) source.pause()
  })
  source.once('end', () => stream.destroyed || stream.push(null))
  return stream
}

// A stream that nobody has begun to read holds its end back for ever.
async function untilRead(stream: Readable): Promise<void> {
  const isRead = stream.readableFlowing !== null || stream.listenerCount('readable') > 0
  if (isRead && !stream.closed) await new Promise((resolve) => stream.once('close', resolve))
}

// Whether the server has sent all output; ssh2 tells it nowhere else before the reader is through with it.
function isDelivered(channel: ClientChannel): boolean {
  return (channel.incoming as {state: string}).state !== 'open'
}

function sessionError(): HelixError {
  return new HelixError('unavailable', 'the worker closed the session without saying how the command ended', {code: 'SESSION_LOST'})
}
