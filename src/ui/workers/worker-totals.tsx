import {Text} from 'ink'
import type {WatchedWorker, WorkerSnapshot} from '../../core/watch/watch-workers.js'
import {formatBytes, formatCount, formatPercent} from '../format.js'
import {type Tone, tone} from '../tone.js'

const STATUSES = ['active', 'inactive', 'maintenance', 'failed'] as const satisfies Tone[]

/** How many workers are in each state, and what all of them together have and use. */
export function WorkerTotals({found}: {found: WorkerSnapshot | undefined}) {
  const workers = found?.workers ?? []
  return (
    <>
      <Text wrap='truncate-end'>
        <Text bold>{formatCount(workers.length)}</Text> workers
        {STATUSES.map((status) => (
          <Text key={status}>
            {'  '}
            <Text bold {...tone(status)}>
              {formatCount(workers.filter((worker) => worker.status === status).length)}
            </Text>{' '}
            {status}
          </Text>
        ))}
      </Text>
      <Text wrap='truncate-end'>{found ? describeUse(found) : 'looking'}</Text>
    </>
  )
}

function describeUse({workers, tasks}: WorkerSnapshot): string {
  const usable = workers.filter((worker) => worker.status === 'active')
  const slots = sum(usable, (worker) => worker.slots)
  const running = sum(usable, (worker) => worker.running)
  return [
    `slots ${formatCount(running)}/${formatCount(slots)}`,
    `${formatCount(tasks.pending)} tasks pending`,
    `cpu ${formatPercent(mean(usable, (worker) => worker.load.cpu_percent))}`,
    `memory ${memory(usable)}`,
    `gpu ${formatPercent(mean(usable, (worker) => worker.load.gpu_percent))}`,
  ].join(' · ')
}

function memory(workers: readonly WatchedWorker[]): string {
  const known = workers.filter(({load, resources}) => load.memory_used_bytes !== undefined && resources.memory_bytes !== undefined)
  if (known.length === 0) return '-'
  return `${formatBytes(sum(known, ({load}) => load.memory_used_bytes))}/${formatBytes(sum(known, ({resources}) => resources.memory_bytes))}`
}

function sum(workers: readonly WatchedWorker[], of: (worker: WatchedWorker) => number | undefined): number {
  return workers.reduce((total, worker) => total + (of(worker) ?? 0), 0)
}

function mean(workers: readonly WatchedWorker[], of: (worker: WatchedWorker) => number | undefined): number | undefined {
  const known = workers.filter((worker) => of(worker) !== undefined)
  return known.length === 0 ? undefined : sum(known, of) / known.length
}
