import {readFile} from 'node:fs/promises'
import {parseEnv} from 'node:util'
import {Flags} from '@oclif/core'
import {errorCode, HelixError, messageOf} from '../core/errors/helix-error.js'
import {hostId} from '../core/process-identity.js'
import type {TaskOptions} from '../core/tasks/build-tasks.js'
import {instantAfter, parseInstant} from '../core/tasks/parse-instant.js'
import {parseDuration, parseSize} from '../core/tasks/parse-quantity.js'
import {FAILURE_KINDS, type FailureKind, ON_LOST, type OnLost} from '../core/tasks/task.js'

/** A flag that takes a duration such as `10m`; its value is in seconds. */
export const durationFlag = Flags.custom<number>({parse: async (text) => parseDuration(text), helpValue: '10m'})
const size = Flags.custom<number>({parse: async (text) => parseSize(text), helpValue: '2GB'})
const instant = Flags.custom<Date>({parse: async (text) => parseInstant(text), helpValue: '2030-01-31T18:00'})
const failureKinds = Flags.custom<FailureKind[]>({
  helpValue: 'exit,host',
  parse: async (text) => {
    const kinds = text.split(',')
    const unknown = kinds.find((kind) => !FAILURE_KINDS.includes(kind as FailureKind))
    if (unknown !== undefined)
      throw new HelixError('usage', `${unknown} is not a kind of failure; they are ${FAILURE_KINDS.join(', ')}`, {code: 'FAILURE_KIND_INVALID'})
    return kinds as FailureKind[]
  },
})

/** Flags that say where and how tasks run; shared by `task run`, `task map` and `schedule add`. */
export const commandFlags = {
  worker: Flags.string({char: 'w', description: 'run on this worker only; `local` is this machine', helpGroup: 'PLACEMENT'}),
  capability: Flags.string({char: 'c', multiple: true, multipleNonGreedy: true, description: 'run only where this capability is', helpGroup: 'PLACEMENT'}),
  label: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'run only where this label is set',
    helpValue: 'NAME=VALUE',
    helpGroup: 'PLACEMENT',
  }),
  cpus: Flags.integer({min: 1, description: 'CPUs that the task needs', helpGroup: 'PLACEMENT'}),
  memory: size({description: 'memory that the task needs', helpGroup: 'PLACEMENT'}),
  gpus: Flags.integer({min: 1, description: 'GPUs that the task needs', helpGroup: 'PLACEMENT'}),
  priority: Flags.integer({default: 0, min: -1000, max: 1000, description: 'higher ones start first', helpGroup: 'PLACEMENT'}),
  timeout: durationFlag({description: 'end the task after this time (exit code 124)'}),
  grace: durationFlag({description: 'time between TERM and KILL (default 10s)'}),
  retries: Flags.integer({default: 0, min: 0, max: 100, description: 'further attempts after a failed one'}),
  'retry-on': failureKinds({description: 'kinds of failure that are tried again, comma separated'}),
  'on-lost': Flags.option({options: ON_LOST, description: 'when its worker stays away: wait, then count it as unknown; retry it elsewhere; fail'})(),
  'lost-after': durationFlag({description: 'how long a worker may stay away (default 10m, else 30s)'}),
  upload: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'file or folder to copy into the folder of the task before it starts',
    helpValue: 'PATH[:DEST]',
    helpGroup: 'FILES',
  }),
  download: Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'file or folder of the task to copy here when it has completed',
    helpValue: 'PATH[:DEST]',
    helpGroup: 'FILES',
  }),
  env: Flags.string({
    char: 'e',
    multiple: true,
    multipleNonGreedy: true,
    description: 'variable for the task; NAME alone takes its value from here, so that no process list shows it',
    helpValue: 'NAME[=VALUE]',
  }),
  // Not --env-file: Node itself reads that, wherever it stands, into Helix's own environment.
  'env-from': Flags.string({
    multiple: true,
    multipleNonGreedy: true,
    description: 'variables for the task, from a file of NAME=VALUE lines',
    helpValue: 'FILE',
  }),
  cwd: Flags.string({description: 'folder on the worker (default: a fresh one; on this machine the current one)'}),
  project: Flags.string({char: 'p', description: 'project that it belongs to, made when it is first named'}),
}

/** Flags of `task run` and `task map`. */
export const taskFlags = {
  ...commandFlags,
  at: instant({description: 'not before this time, of this zone unless it names one', exclusive: ['in']}),
  in: durationFlag({description: 'not before so long from now'}),
  name: Flags.string({description: 'a name to recognise it by'}),
  detach: Flags.boolean({char: 'd', description: 'queue it, print its id and leave'}),
}

interface TaskFlagValues {
  worker?: string | undefined
  capability?: string[] | undefined
  label?: string[] | undefined
  cpus?: number | undefined
  memory?: number | undefined
  gpus?: number | undefined
  priority: number
  timeout?: number | undefined
  grace?: number | undefined
  retries: number
  'retry-on'?: FailureKind[] | undefined
  'on-lost'?: OnLost | undefined
  'lost-after'?: number | undefined
  at?: Date | undefined
  in?: number | undefined
  upload?: string[] | undefined
  download?: string[] | undefined
  cwd?: string | undefined
  name?: string | undefined
}

/** What the flags ask for, as the core takes it. */
export function readTaskOptions(flags: TaskFlagValues): TaskOptions {
  const {upload: uploads = [], download: downloads = []} = flags
  return {
    startAt: flags.in === undefined ? flags.at : instantAfter(flags.in),
    files: {uploads, downloads, folder: process.cwd()},
    name: flags.name,
    cwd: flags.cwd,
    priority: flags.priority,
    requirements: {
      ...(flags.worker !== undefined && {worker: flags.worker}),
      ...(flags.capability && {capabilities: flags.capability}),
      ...(flags.label && {labels: readPairs('--label', flags.label)}),
      ...(flags.cpus !== undefined && {cpus: flags.cpus}),
      ...(flags.memory !== undefined && {memory_bytes: flags.memory}),
      ...(flags.gpus !== undefined && {gpus: flags.gpus}),
      // The files are here, or are to come here.
      ...(uploads.length + downloads.length > 0 && {host_id: hostId()}),
    },
    policy: {
      retries: flags.retries,
      ...(flags['retry-on'] && {retry_on: flags['retry-on']}),
      ...(flags.timeout !== undefined && {timeout_seconds: flags.timeout}),
      ...(flags.grace !== undefined && {grace_seconds: flags.grace}),
      ...(flags['on-lost'] && {on_lost: flags['on-lost']}),
      ...(flags['lost-after'] !== undefined && {lost_seconds: flags['lost-after']}),
    },
  }
}

/** The variables of `--env-from` and `--env`, the latter winning. Throws `usage` for a file that cannot be read or a variable that is not set. */
export async function readTaskEnvironment(
  flags: {env?: string[] | undefined; 'env-from'?: string[] | undefined},
  caller: NodeJS.ProcessEnv,
): Promise<Record<string, string>> {
  const environment: Record<string, string> = {}
  for (const file of flags['env-from'] ?? []) Object.assign(environment, await readEnvFile(file))
  for (const entry of flags.env ?? []) {
    const at = entry.indexOf('=')
    const name = at < 0 ? entry : entry.slice(0, at)
    const value = at < 0 ? caller[name] : entry.slice(at + 1)
    if (value === undefined)
      throw new HelixError('usage', `--env ${name}: there is no such variable here`, {code: 'ENV_NOT_SET', hint: `Set it, or write --env ${name}=VALUE`})
    environment[name] = value
  }
  return environment
}

/** NAME=VALUE pairs of a flag. Throws `usage`. */
export function readPairs(flag: string, pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new HelixError('usage', `${flag} ${pair}: write NAME=VALUE`, {code: 'PAIR_INVALID'})
      return [pair.slice(0, at), pair.slice(at + 1)]
    }),
  )
}

async function readEnvFile(file: string): Promise<Record<string, string>> {
  try {
    return parseEnv(await readFile(file, 'utf8')) as Record<string, string>
  } catch (error) {
    throw new HelixError('usage', `--env-from ${file}: ${errorCode(error) === 'ENOENT' ? 'there is no such file' : messageOf(error)}`, {
      code: 'ENV_FILE_UNREADABLE',
      cause: error,
    })
  }
}
