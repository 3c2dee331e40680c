import {foundCapabilities, type WorkerView} from '../core/workers/worker-view.js'

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const

/** `user@host:port`, as far as it is known. */
export function describeTarget({origin, username, host, port}: Pick<WorkerView, 'username' | 'host' | 'port'> & Partial<WorkerView>): string {
  if (origin === 'local') return 'this machine'
  return `${username && `${username}@`}${host.includes(':') ? `[${host}]` : host}${port ? `:${port}` : ''}`
}

/** Used of all, in the unit of all: `3.1/31 GiB`. A figure that is not known is a dash. */
export function describeUse(used: number | undefined, all: number | undefined): string {
  if (all === undefined) return '-'
  const power = powerOf(all)
  return `${used === undefined ? '-' : scaled(used, power)}/${scaled(all, power)} ${UNITS[power]}`
}

/** How many GPUs there are and how busy they are: `2 85%`. */
export function describeGpus({resources, load}: WorkerView): string {
  if (resources.gpus === undefined) return '-'
  return `${resources.gpus}${resources.gpus > 0 && load.gpu_percent !== undefined ? ` ${load.gpu_percent}%` : ''}`
}

/** Everything about a worker as headings and text, for a person. */
export function describeWorker(worker: WorkerView): [heading: string, text: string][] {
  const {facts, resources, load} = worker
  const of = (percent: number | undefined) => (percent === undefined ? '' : `, ${percent}% busy`)
  const found = foundCapabilities(worker)
  const lines: [string, string | false | undefined][] = [
    ['status', `${worker.status}${worker.status_reason ? ` (${worker.status_reason})` : ''}`],
    ['tried again', worker.status === 'inactive' && worker.retry_at !== null && worker.retry_at],
    ['target', describeTarget(worker)],
    ['host key', worker.host_key ?? undefined],
    ['transport', worker.transport ?? undefined],
    ['origin', worker.origin],
    ['slots', `${worker.slots}, ${worker.running} in use`],
    ['capabilities', worker.capabilities.join(', ')],
    ['found', found.join(', ')],
    [
      'labels',
      Object.entries(worker.labels)
        .map(([name, value]) => `${name}=${value}`)
        .join(', '),
    ],
    ['system', [facts.system, facts.arch, facts.libc].filter(Boolean).join(' ')],
    ['CPUs', resources.cpus !== undefined && `${resources.cpus}${of(load.cpu_percent)}`],
    [
      'memory',
      resources.memory_bytes !== undefined &&
        `${size(resources.memory_bytes)}${load.memory_used_bytes === undefined ? '' : `, ${size(load.memory_used_bytes)} used`}`,
    ],
    [
      'disk',
      resources.disk_bytes !== undefined && `${size(resources.disk_bytes)}${load.disk_free_bytes === undefined ? '' : `, ${size(load.disk_free_bytes)} free`}`,
    ],
    ['attempt folders', resources.attempts_root],
    ['GPUs', resources.gpus ? describeGpuNames(worker) + of(load.gpu_percent) : resources.gpus?.toString()],
    [
      'tools',
      Object.entries(facts.tools ?? {})
        .map((pair) => pair.join(' '))
        .join(', '),
    ],
    ...(facts.model_servers ?? []).map(({kind, url, models}): [string, string] => [kind, `${url} ${models.join(', ') || '(no models)'}`]),
    ['helix', worker.helix_version ?? undefined],
    ['looked at', worker.checked_at ?? undefined],
    ['last heard of', worker.last_heartbeat ?? undefined],
    ['added', worker.created_at],
    ['id', worker.id],
  ]
  return lines.filter((line): line is [string, string] => Boolean(line[1]))
}

function describeGpuNames({facts, resources}: WorkerView): string {
  const names = Map.groupBy(facts.gpus ?? [], ({name, memory_bytes}) => `${name}${memory_bytes === undefined ? '' : ` (${size(memory_bytes)})`}`)
  return [...names].map(([name, alike]) => `${alike.length} × ${name}`).join(', ') || String(resources.gpus)
}

function size(bytes: number): string {
  const power = powerOf(bytes)
  return `${scaled(bytes, power)} ${UNITS[power]}`
}

function powerOf(bytes: number): number {
  return Math.min(UNITS.length - 1, Math.max(0, Math.floor(Math.log2(Math.max(1, bytes)) / 10)))
}

function scaled(bytes: number, power: number): string {
  const value = bytes / 1024 ** power
  return value < 10 && power > 0 ? value.toFixed(1) : String(Math.round(value))
}
