import {mkdir, mkdtemp, readdir, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {isPidAlive} from '../../process-identity.js'

/** Gives `use` a fresh folder inside `parent`, which is removed afterwards; removes what processes have left there that were killed. */
export async function withStaging<T>(parent: string, use: (folder: string) => Promise<T>): Promise<T> {
  await mkdir(parent, {recursive: true, mode: 0o700})
  for (const name of await readdir(parent)) {
    const pid = /^new-(\d+)-/.exec(name)?.[1]
    if (pid !== undefined && !isPidAlive(Number(pid))) await rm(join(parent, name), {recursive: true, force: true})
  }
  const folder = await mkdtemp(join(parent, `new-${process.pid}-`))
  try {
    return await use(folder)
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}
