import type {Transport} from '../workers/transport.js'

/** The part of a transport that is about files. */
export type WorkerFiles = Pick<Transport, 'readRange' | 'upload' | 'download'>
