import type {Store} from './store.js'

/** What the audit trail keeps of something that happened; never a secret. */
export interface LogEntry {
  level: 'info' | 'warn' | 'error'
  /** Stable name such as `worker.added`. */
  event: string
  message: string
  workerId?: string | undefined
  taskId?: string | undefined
}

/** Adds a line to the store's audit trail. */
export async function writeLog(store: Store, {level, event, message, workerId, taskId}: LogEntry): Promise<void> {
  await store.query('INSERT INTO logs (level, event, message, worker_id, task_id) VALUES (?, ?, ?, ?, ?)', [
    level,
    event,
    message,
    workerId ?? null,
    taskId ?? null,
  ])
}
