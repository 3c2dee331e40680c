import type {FoundServer} from '../models/found-models.js'
import {splitOnce} from './run-script.js'
import type {WorkerFacts, WorkerLoad, WorkerResources} from './worker.js'

/** What was found out about a worker. */
export interface WorkerProbe {
  /** Empty after a look at its load alone. */
  facts: WorkerFacts
  resources: WorkerResources
  load: WorkerLoad
  /** Its model servers with what they have; none after a look at its load alone. */
  servers?: FoundServer[]
}

/** The lines of a probe by their first word. */
type Lines = Map<string, string[]>

interface Gpu {
  name: string
  memory_bytes?: number
  busy?: number
}

const ARCHITECTURES: Record<string, string> = {
  x86_64: 'x64',
  amd64: 'x64',
  aarch64: 'arm64',
  i386: 'ia32',
  i686: 'ia32',
  ppc64le: 'ppc64',
  loongarch64: 'loong64',
}
// What somebody asks for by another name than its program has.
const CAPABILITY_OF: Record<string, string> = {python3: 'python', rustc: 'rust'}
const KIB = 1024
const MIB = 1024 ** 2

/** Reads what the script printed, without its mark; what a program printed in another form than expected counts as not found. */
export function readProbe(printed: readonly string[]): WorkerProbe {
  const lines: Lines = new Map()
  for (const line of printed) {
    const [word, rest] = splitOnce(line)
    const said = lines.get(word)
    if (said) said.push(rest.trim())
    else lines.set(word, [rest.trim()])
  }
  const gpus = readGpus(lines)
  const memory = readMemory(lines)
  const disk = readDisk(lines)
  const [root] = lines.get('root') ?? []
  const resources: WorkerResources = present({
    cpus: readCpus(lines),
    memory_bytes: memory.total,
    gpus: gpus.length,
    disk_bytes: disk.size,
    attempts_root: root?.startsWith('/') ? root : undefined,
  })
  const load: WorkerLoad = present({
    cpu_percent: readCpuPercent(lines),
    memory_used_bytes: memory.used,
    gpu_percent: average(gpus.flatMap(({busy}) => busy ?? [])),
    disk_free_bytes: disk.free,
  })
  if (!lines.has('system')) return {facts: {}, resources, load}
  const servers = readServers(lines)
  return {facts: readFacts(lines, gpus, servers), resources, load, servers}
}

function readFacts(lines: Lines, gpus: readonly Gpu[], servers: readonly FoundServer[]): WorkerFacts {
  const [name = '', machine = '', bits] = lines.get('system')?.[0]?.split(' ') ?? []
  const system = name.toLowerCase()
  const tools = readTools(lines)
  const facts: WorkerFacts = present({
    system,
    arch: archOf(machine, bits),
    libc: lines.get('libc')?.[0] as WorkerFacts['libc'],
    tools,
    gpus: gpus.map(({busy: _, ...gpu}) => gpu),
    model_servers: servers.map(({models, ...server}) => ({...server, models: models.map(({name}) => name)})),
  })
  const found = [
    facts.system,
    facts.arch,
    ...Object.keys(tools).flatMap((tool) => capabilityOf(tool, tools) ?? []),
    ...(gpus.length > 0 ? ['gpu'] : []),
    ...(lines.get('nvidia')?.some((line) => line.includes(', ')) ? ['cuda'] : []),
    ...(readRocm(lines.get('rocm')?.[0] ?? '').length > 0 ? ['rocm'] : []),
    ...(system === 'darwin' && lines.get('display')?.some((line) => line.includes('Metal')) ? ['metal'] : []),
    ...servers.flatMap(({kind, models}) => [kind, ...models.map(({name}) => `model:${name}`)]),
  ]
  return {...facts, capabilities: [...new Set(found.filter((capability): capability is string => Boolean(capability)))]}
}

// A 32-bit system on a 64-bit kernel, as on a Raspberry Pi, runs 32-bit programs only.
function archOf(machine: string, bits: string | undefined): string | undefined {
  const arch = /^armv?[1-7]/.test(machine) ? 'arm' : (ARCHITECTURES[machine] ?? machine)
  if (bits === '32') return {x64: 'ia32', arm64: 'arm'}[arch] ?? arch
  return arch || undefined
}

function readTools(lines: Lines): Record<string, string> {
  const said = (lines.get('tool') ?? []).flatMap((line) => {
    const [, name = '', rest = ''] = /^(\S+) (.*)$/.exec(line) ?? []
    const version = /\d+(?:\.\d+)+[\w.+-]*/.exec(rest)?.[0] ?? /\b\d+\b/.exec(rest)?.[0]
    return version === undefined ? [] : [[name, version] as const]
  })
  return Object.fromEntries(said.sort(([a], [b]) => (a < b ? -1 : 1)))
}

// A client of docker runs nothing by itself.
function capabilityOf(tool: string, tools: Record<string, string>): string | undefined {
  if (tool === 'docker-daemon' || (tool === 'docker' && tools['docker-daemon'] === undefined)) return undefined
  return CAPABILITY_OF[tool] ?? tool
}

function readCpus(lines: Lines): number | undefined {
  const counted = toNumber(lines.get('cpus')?.[0])
  // A container may be given less than its machine has: microseconds of CPU time in each period.
  const [quota, period] = cgroup(lines, 'cpu.max')?.split(' ').map(Number) ?? []
  const allowed = quota && period ? Math.max(1, Math.floor(quota / period)) : undefined
  return counted === undefined || allowed === undefined ? counted : Math.min(counted, allowed)
}

function readCpuPercent(lines: Lines): number | undefined {
  const [first, second] = (lines.get('cpu') ?? []).map((line) => line.split(' ').map(Number).slice(0, 8))
  if (first && second) {
    const spent = second.map((ticks, index) => ticks - (first[index] ?? 0))
    const all = sum(spent)
    // Idle, and waiting for disks.
    return all > 0 ? percent((all - (spent[3] ?? 0) - (spent[4] ?? 0)) / all) : undefined
  }
  const average = toNumber(/\d+[.,]\d+/.exec(lines.get('loadavg')?.[0] ?? '')?.[0].replace(',', '.'))
  const cpus = toNumber(lines.get('cpus')?.[0])
  return average === undefined || !cpus ? undefined : percent(average / cpus)
}

function readMemory(lines: Lines): {total?: number | undefined; used?: number | undefined} {
  const kib = new Map((lines.get('mem') ?? []).map((line) => line.split(': ') as [string, string]))
  const of = (name: string) => (toNumber(kib.get(name)) ?? 0) * KIB
  const total = of('MemTotal')
  if (total > 0) {
    const limit = toNumber(cgroup(lines, 'memory.max'))
    const current = toNumber(cgroup(lines, 'memory.current'))
    if (limit !== undefined && limit < total && current !== undefined) return {total: limit, used: current - (toNumber(cgroup(lines, 'inactive_file')) ?? 0)}
    const available = kib.has('MemAvailable') ? of('MemAvailable') : of('MemFree') + of('Buffers') + of('Cached')
    return {total, used: total - available}
  }
  return {total: toNumber(lines.get('memsize')?.[0]), used: readVmStat(lines.get('vm') ?? [])}
}

// Active, wired and compressed pages are what macOS shows as used.
function readVmStat(lines: readonly string[]): number | undefined {
  const page = toNumber(/page size of (\d+) bytes/.exec(lines[0] ?? '')?.[1])
  const pages = lines.flatMap((line) => /^Pages (?:active|wired down|occupied by compressor): +(\d+)/.exec(line)?.[1] ?? [])
  return page === undefined || pages.length === 0 ? undefined : sum(pages.map(Number)) * page
}

function readDisk(lines: Lines): {size?: number; free?: number} {
  const [, size, free] = /\s(\d+)\s+\d+\s+(-?\d+)\s+\d+%/.exec(lines.get('disk')?.at(-1) ?? '') ?? []
  return size === undefined ? {} : {size: Number(size) * KIB, free: Math.max(0, Number(free)) * KIB}
}

function readGpus(lines: Lines): Gpu[] {
  const nvidia = (lines.get('nvidia') ?? []).flatMap((line) => {
    const [name = '', mebibytes, busy] = line.split(', ')
    // An error of the driver comes on one line without columns.
    return mebibytes === undefined ? [] : [present({name, memory_bytes: times(toNumber(mebibytes), MIB), busy: toNumber(busy)})]
  })
  const [busy] = (lines.get('accelerator') ?? []).flatMap((line) => toNumber(/\d+$/.exec(line)?.[0]) ?? [])
  const apple = (lines.get('display') ?? []).flatMap((line) => {
    const name = /^Chipset Model: (.+)$/.exec(line)?.[1]
    return name === undefined ? [] : [present({name, busy})]
  })
  return [...nvidia, ...readRocm(lines.get('rocm')?.[0] ?? ''), ...apple] as Gpu[]
}

// The names of the fields differ in case between versions; warnings may stand before the object.
function readRocm(text: string): Gpu[] {
  const start = text.indexOf('{')
  if (start < 0) return []
  const cards = parseObject(text.slice(start))
  return Object.entries(cards).flatMap(([id, card]) => {
    if (!id.startsWith('card') || typeof card !== 'object' || card === null) return []
    const fields = new Map(Object.entries(card).map(([key, value]) => [key.toLowerCase(), String(value)]))
    const name = fields.get('card series') ?? fields.get('card model') ?? id
    return [present({name, memory_bytes: toNumber(fields.get('vram total memory (b)')), busy: toNumber(fields.get('gpu use (%)'))}) as Gpu]
  })
}

function readServers(lines: Lines): FoundServer[] {
  const answers = (word: string) =>
    (lines.get(word) ?? []).map((line) => ({url: line.split(' ')[0] ?? '', body: parseObject(line.slice(line.indexOf(' ') + 1))}))
  const props = new Map(answers('props').map(({url, body}) => [url, body]))
  const ollama = answers('ollama').flatMap(({url, body}) =>
    Array.isArray(body.models) ? [{kind: 'ollama' as const, url, models: modelsOf(body.models, 'name')}] : [],
  )
  const others = answers('models').flatMap(({url, body}): FoundServer[] => {
    if (!Array.isArray(body.data)) return []
    const owner = (body.data[0] as {owned_by?: unknown} | undefined)?.owned_by
    const kind = owner === 'vllm' ? 'vllm' : owner === 'llamacpp' || props.get(url)?.default_generation_settings ? 'llama-server' : undefined
    // Started without an alias, a server names its model by the path of its file.
    const models = modelsOf(body.data, 'id').map((model) => (model.name.startsWith('/') ? {...model, name: model.name.split('/').at(-1) ?? ''} : model))
    return kind ? [{kind, url, models}] : []
  })
  return [...ollama, ...others]
}

function modelsOf(models: readonly unknown[], field: string): FoundServer['models'] {
  return models.flatMap((model) => {
    const {[field]: name, size, digest, meta} = (model ?? {}) as Record<string, unknown>
    // llama-server tells the size of its file apart.
    const bytes = [size, (meta as {size?: unknown} | null | undefined)?.size].find((candidate) => typeof candidate === 'number')
    return typeof name === 'string' ? [present({name, sizeBytes: bytes as number | undefined, digest: typeof digest === 'string' ? digest : undefined})] : []
  })
}

function parseObject(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function cgroup(lines: Lines, file: string): string | undefined {
  return lines
    .get('cgroup')
    ?.find((line) => line.startsWith(`${file} `))
    ?.slice(file.length + 1)
}

function toNumber(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : undefined
}

function times(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor
}

function percent(share: number): number {
  return Math.round(Math.min(1, Math.max(0, share)) * 100)
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0)
}

function average(values: readonly number[]): number | undefined {
  return values.length === 0 ? undefined : Math.round(sum(values) / values.length)
}

/** The object without what is not known. */
function present<T extends object>(object: T): {[K in keyof T]: Exclude<T[K], undefined>} {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as {[K in keyof T]: Exclude<T[K], undefined>}
}
