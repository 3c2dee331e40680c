import {statfs} from 'node:fs/promises'
import {diskFull} from './npm-failure.js'

/** Bytes. */
const LEAST_SPACE = 1024 * 1024

/** Throws where so little room is left that npm 11 may have cut files off, which it does at a full disk while it reports success. */
export async function checkSpace(what: string, folder: string): Promise<void> {
  const {bavail, bsize} = await statfs(folder)
  if (bavail * bsize < LEAST_SPACE) throw diskFull(what, folder)
}
