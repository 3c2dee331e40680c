import type {WorkerConfig} from '../config/schema.js'
import type {Store} from '../data/store.js'
import type {SshSettings} from '../ssh/ssh-settings.js'
import {insertWorker, listWorkers, type NewWorker, updateWorker} from './worker-store.js'

/** Brings the workers of the config into the store, and what has changed of them. They are connected to when first used. */
export async function syncConfigWorkers(store: Store, pool: Readonly<Record<string, WorkerConfig>>): Promise<void> {
  const entries = Object.entries(pool)
  if (entries.length === 0) return
  const known = new Map((await listWorkers(store, '')).map((worker) => [worker.name, worker]))
  for (const [name, config] of entries) {
    const wanted = configuredWorker(name, config)
    const found = known.get(name)
    if (!found) await insertWorker(store, wanted)
    else {
      const {name: _, ...changes} = wanted
      // A key that was accepted for this worker stays accepted while the config names none.
      const settings = {...(found.ssh_config.hostKey && {hostKey: found.ssh_config.hostKey}), ...wanted.settings}
      const current = {
        hostname: found.hostname,
        port: found.port,
        username: found.username,
        origin: found.origin,
        settings: found.ssh_config,
        capabilities: found.capabilities,
        labels: found.labels,
        slots: found.slots,
      }
      if (JSON.stringify({...current, settings: sorted(current.settings)}) !== JSON.stringify({...changes, settings: sorted(settings)}))
        await updateWorker(store, found.id, {...changes, settings})
    }
  }
}

function configuredWorker(name: string, config: WorkerConfig): NewWorker {
  const {host, port, username, key_path, password, passphrase, known_hosts, host_key, transport} = config
  const settings: SshSettings = {
    host,
    ...(port !== undefined && {port}),
    ...(transport === 'openssh' && {transport}),
    ...(username !== undefined && {username}),
    ...(key_path !== undefined && {keyPath: key_path}),
    ...(password !== undefined && {password}),
    ...(passphrase !== undefined && {passphrase}),
    ...(known_hosts !== undefined && {knownHosts: known_hosts}),
    ...(host_key !== undefined && {hostKey: host_key}),
  }
  return {
    name,
    hostname: host,
    port: port ?? 0,
    username: username ?? '',
    origin: 'config',
    settings,
    capabilities: config.capabilities ?? [],
    labels: (config.labels ?? {}) as Record<string, string>,
    slots: config.slots ?? 1,
  }
}

function sorted(settings: SshSettings): [string, unknown][] {
  return Object.entries(settings).sort(([a], [b]) => (a < b ? -1 : 1))
}
