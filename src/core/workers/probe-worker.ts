import {HelixError} from '../errors/helix-error.js'
import {linesAfter, newMark, runScript, scriptCommand} from './run-script.js'
import type {Transport} from './transport.js'
import type {WorkerFacts, WorkerLoad, WorkerResources} from './worker.js'

/** What one look at a worker found. */
export interface WorkerProbe {
  facts: WorkerFacts
  resources: WorkerResources
  load: WorkerLoad
}

const PROBE = `
mark=@MARK@
printf "%s system %s\\n" "$mark" "$(uname -s)"
printf "%s cpus %s\\n" "$mark" "$(getconf _NPROCESSORS_ONLN 2>/dev/null)"
while read -r key value _; do
  case $key in MemTotal:|MemAvailable:) printf "%s %s %s\\n" "$mark" "$key" "$value" ;; esac
done 2>/dev/null < /proc/meminfo
`

/** Looks at a worker by one script. Rejects with kind `unavailable` when it has no working POSIX shell. */
export async function probeWorker(transport: Transport, env?: NodeJS.ProcessEnv): Promise<WorkerProbe> {
  const mark = newMark()
  const {stdout} = await runScript(transport, scriptCommand(PROBE, mark), '', env)
  const said = new Map(linesAfter(stdout, mark).map((line) => line.split(' ') as [string, string]))
  if (said.size === 0)
    throw new HelixError('unavailable', 'the worker has no working POSIX shell', {code: 'WORKER_SHELL', hint: 'Helix needs `sh` on the worker.'})
  const memory = Number(said.get('MemTotal:') ?? 0) * 1024
  const available = Number(said.get('MemAvailable:') ?? 0) * 1024
  const cpus = Number(said.get('cpus'))
  return {
    facts: {system: (said.get('system') ?? '').toLowerCase()},
    resources: {...(cpus > 0 && {cpus}), ...(memory > 0 && {memory_bytes: memory})},
    load: {...(available > 0 && {memory_used_bytes: memory - available})},
  }
}
