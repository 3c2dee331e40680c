import type {Duplex} from 'node:stream'
import type {Client} from 'ssh2'
import {untilPulse} from '../pulse.js'
import {ping} from './ssh2-channels.js'

const PULSE_MS = 1000

/** The message of the client's error when its server does not answer. */
export const SILENT = 'Keepalive timeout'

export interface KeepAliveOptions {
  keepaliveMs: number
  answerMs: number
}

/**
 * Probes a connection over which nothing has come for `keepaliveMs`, and ends it with an error unless anything comes within `answerMs`.
 * ssh2's own way (1.17) takes only answers for a sign of life, and makes a timer anew for each.
 */
export function keepAlive(client: Client, socket: Duplex, {keepaliveMs, answerMs}: KeepAliveOptions): void {
  let heardAt = performance.now()
  let probed = false
  let timer: NodeJS.Timeout
  const lookAfter = (ms: number) => {
    timer = setTimeout(look, untilPulse(PULSE_MS, ms)).unref()
  }
  const look = () => {
    const silentMs = performance.now() - heardAt
    if (probed) {
      client.emit('error', Object.assign(new Error(SILENT), {level: 'client-timeout'}))
      socket.destroy()
    } else if (silentMs < keepaliveMs) lookAfter(keepaliveMs - silentMs)
    else {
      probed = true
      ping(client)
      lookAfter(answerMs)
    }
  }
  socket.on('data', () => {
    heardAt = performance.now()
    probed = false
  })
  socket.once('close', () => clearTimeout(timer))
  lookAfter(keepaliveMs)
}
