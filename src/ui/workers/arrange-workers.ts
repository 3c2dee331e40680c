import type {WatchedWorker} from '../../core/watch/watch-workers.js'

export const ORDERS = ['name', 'trouble', 'slots', 'cpu'] as const
type Order = (typeof ORDERS)[number]

const TROUBLE = {failed: 0, inactive: 1, maintenance: 2, active: 3}

/** The workers with this text in their name or reason, in an order; equal ones by name. */
export function arrangeWorkers(workers: readonly WatchedWorker[], order: Order, text: string): readonly WatchedWorker[] {
  const wanted = text.toLowerCase()
  const found = wanted ? workers.filter(({name, status_reason}) => `${name} ${status_reason ?? ''}`.toLowerCase().includes(wanted)) : workers
  // They come by name.
  return order === 'name' ? found : found.toSorted((one, other) => rank(one, order) - rank(other, order))
}

function rank(worker: WatchedWorker, order: Exclude<Order, 'name'>): number {
  if (order === 'trouble') return TROUBLE[worker.status]
  return order === 'slots' ? -worker.running / worker.slots : -(worker.load.cpu_percent ?? -1)
}
