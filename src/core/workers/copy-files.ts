import type {CopyOptions, Transport} from './transport.js'

type CopyProgress = Pick<CopyOptions, 'onProgress'>

/** Copies a file of this machine to a worker. */
export function copyUp(transport: Transport, localPath: string, workerPath: string, options: CopyProgress = {}): Promise<void> {
  return transport.upload(localPath, workerPath, options)
}

/** Copies a file of a worker to this machine. */
export function copyDown(transport: Transport, workerPath: string, localPath: string, options: CopyProgress = {}): Promise<void> {
  return transport.download(workerPath, localPath, options)
}
