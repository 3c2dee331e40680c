import {existsSync} from 'node:fs'
import {mkdir} from 'node:fs/promises'
import {dirname, posix} from 'node:path'
import {errorCode, HelixError} from '../errors/helix-error.js'
import type {FileCopy, TaskRow} from '../tasks/task.js'
import {copyDown, copyUp} from '../workers/copy-files.js'
import type {Transport} from '../workers/transport.js'

/** How far one of a task's files has come. */
export interface FileProgress {
  taskId: string
  direction: 'up' | 'down'
  /** The path on this machine. */
  path: string
  done: number
  total: number
}

export interface CopyTaskFilesOptions {
  onProgress?: ((progress: FileProgress) => void) | undefined
}

type FilesOfTask = Pick<TaskRow, 'id' | 'attempt' | 'input' | 'requirements'>

/**
 * Copies what a task needs to its worker, into `directory`, where its command will run.
 * Throws `usage` UPLOAD_MISSING for a file that is no longer here, and what the transport throws.
 */
export async function uploadForTask(transport: Transport, task: FilesOfTask, directory: string, {onProgress}: CopyTaskFilesOptions = {}): Promise<void> {
  for (const {from, to} of task.input.uploads ?? []) {
    if (!existsSync(from)) throw new HelixError('usage', `there is no file ${from} to upload`, {code: 'UPLOAD_MISSING'})
    const target = onWorker(directory, to)
    if (isSame(task, from, target)) continue
    await copyUp(transport, from, target, {
      copyName: `${task.id}.${task.attempt}`,
      onProgress: (done, total) => onProgress?.({taskId: task.id, direction: 'up', path: from, done, total}),
    })
  }
}

/**
 * Copies what a task has made from `directory` on its worker to this machine.
 * Throws `usage` DOWNLOAD_MISSING for a file that it has not made, and what the transport throws.
 */
export async function downloadForTask(transport: Transport, task: FilesOfTask, directory: string, {onProgress}: CopyTaskFilesOptions = {}): Promise<void> {
  for (const copy of task.input.downloads ?? []) {
    const source = onWorker(directory, copy.from)
    try {
      if (isSame(task, copy.to, source)) {
        if (!existsSync(source)) throw missing(copy)
        continue
      }
      await mkdir(dirname(copy.to), {recursive: true})
      await copyDown(transport, source, copy.to, {onProgress: (done, total) => onProgress?.({taskId: task.id, direction: 'down', path: copy.to, done, total})})
    } catch (error) {
      // The local transport tells it as the system does; but then a folder of this machine may be what is missing.
      const isMissing = errorCode(error) === 'FILE_MISSING' || (errorCode(error) === 'ENOENT' && !existsSync(source))
      throw isMissing ? missing(copy, error) : error
    }
  }
}

function missing({from}: FileCopy, cause?: unknown): HelixError {
  return new HelixError('usage', `the command completed, but there is no file ${from} to download`, {code: 'DOWNLOAD_MISSING', cause})
}

function onWorker(directory: string, path: string): string {
  return posix.isAbsolute(path) ? path : posix.join(directory, path)
}

/** On this machine a task runs in the caller's folder, where the file is already. */
function isSame(task: FilesOfTask, here: string, there: string): boolean {
  return task.requirements.local === true && posix.resolve(there) === here
}
