import type {WatchedWorker} from '../../core/watch/watch-workers.js'
import {formatBytes, formatPercent, formatTime} from '../format.js'
import type {Cell, Column} from '../parts/row.js'

const WIDE = 100
const BAR = 8

/** The columns of a list of workers on a screen so wide. */
export function workerColumns(width: number): Column[] {
  return [
    {heading: 'NAME', width: width < WIDE ? 12 : 20},
    {heading: 'STATUS', width: 11},
    {heading: 'SLOTS', width: width < WIDE ? 7 : BAR + 8},
    {heading: 'CPU', width: 4, align: 'right'},
    {heading: 'MEMORY', width: 9, align: 'right'},
    {heading: 'GPU', width: 4, align: 'right'},
    {heading: 'SEEN', width: 6, align: 'right'},
    {heading: 'REASON'},
  ]
}

/** A worker in these columns, at a time of the store's clock in milliseconds. */
export function workerCells(worker: WatchedWorker, now: number, width: number): Cell[] {
  const {name, status, status_reason, running, slots, load, resources, last_heartbeat} = worker
  const used = `${running}/${slots}`
  return [
    {text: name},
    {text: status, tone: status},
    {text: width < WIDE ? used : `${bar(running / slots)} ${used}`},
    {text: formatPercent(load.cpu_percent)},
    {text: memory(load.memory_used_bytes, resources.memory_bytes)},
    {text: formatPercent(load.gpu_percent)},
    {text: last_heartbeat ? formatTime(now - Date.parse(last_heartbeat)) : '-'},
    {text: status_reason ?? ''},
  ]
}

function bar(share: number): string {
  const full = Math.min(BAR, Math.round(share * BAR))
  return '█'.repeat(full) + '░'.repeat(BAR - full)
}

function memory(used: number | undefined, total: number | undefined): string {
  if (used === undefined) return total === undefined ? '-' : `-/${formatBytes(total)}`
  return total === undefined ? formatBytes(used) : `${formatBytes(used)}/${formatBytes(total)}`
}
