import type {Transport} from '../workers/transport.js'

/** Size and permission bits of a file. */
export interface FileStat {
  size: number
  mode: number
}

/** The part of a transport that is about files. */
export interface WorkerFiles extends Pick<Transport, 'readRange' | 'upload' | 'download'> {
  /** Looks at a file. Rejects with FILE_MISSING when there is none. */
  stat(path: string): Promise<FileStat>
}
