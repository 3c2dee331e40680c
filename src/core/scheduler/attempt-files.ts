import {setTimeout as delay} from 'node:timers/promises'
import {errorCode, HelixError, messageOf} from '../errors/helix-error.js'
import {type CopyTaskFilesOptions, downloadForTask, uploadForTask} from '../requests/copy-task-files.js'
import type {ClaimedTask} from '../tasks/claim-tasks.js'
import type {AttemptEnd} from '../tasks/complete-attempts.js'
import type {Transport} from '../workers/transport.js'
import {backoffSeconds} from '../workers/worker-connections.js'
import {backToQueue, endOfFailedDownload, endOfFailedUpload} from './attempt-end.js'

/** Brings a task's files to where its command will run. Resolves to what becomes of the attempt when that fails. */
export async function bringFiles(
  {task, worker}: ClaimedTask,
  transport: Transport,
  folder: string,
  options: CopyTaskFilesOptions,
): Promise<AttemptEnd | undefined> {
  try {
    await uploadForTask(transport, task, task.input.cwd ?? `${folder}/work`, options)
    return undefined
  } catch (error) {
    // Nobody over there has been told to start yet.
    if (errorCode(error) === 'CONNECTION_LOST') return backToQueue(task, 'unsent', `${worker.name}: ${messageOf(error)}`)
    return endOfFailedUpload(task, error)
  }
}

/** Fetches what a task that completed has made, as soon as its worker can be reached; the end that it has then. */
export async function fetchFiles(
  {task}: ClaimedTask,
  end: AttemptEnd,
  connect: () => Promise<Transport>,
  folder: string,
  options: CopyTaskFilesOptions,
): Promise<AttemptEnd> {
  if (end.result !== 'completed' || !task.input.downloads?.length) return end
  const started = performance.now()
  for (let failures = 0; ; failures += 1) {
    try {
      await downloadForTask(await connect(), task, task.input.cwd ?? `${folder}/work`, options)
      return end
    } catch (error) {
      const mayPass = HelixError.is(error) && error.kind === 'unavailable' && performance.now() - started < task.retry_policy.lost_seconds * 1000
      if (!mayPass) return endOfFailedDownload(task, end, error)
      await delay(backoffSeconds(failures) * 1000)
    }
  }
}
