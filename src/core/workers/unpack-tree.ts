import {copyFile, type FileHandle, lstat, mkdir, open, readdir, rename, rm, symlink} from 'node:fs/promises'
import {HelixError, messageOf} from '../errors/helix-error.js'
import {staysInside} from './link-target.js'
import {readTar, type TarItem} from './read-tar.js'

const SLASH = Buffer.from('/')

/**
 * Unpacks a tar archive into a new local folder. The archive may be anybody's: a name or link that would lead out of the
 * folder ends it (kind `denied`). Links are made last, so that nothing is written through one. `onBytes` hears of the bytes of files.
 */
export async function unpackTree(source: AsyncIterator<Buffer>, folder: string, onBytes: (count: number) => void): Promise<void> {
  const links: {path: Buffer; target: Buffer}[] = []
  const place = (name: Buffer) => {
    const steps = stepsOf(name)
    return {path: pathOf(folder, steps), depth: steps.length - 1, makeParents: () => mkdir(pathOf(folder, steps.slice(0, -1)), {recursive: true, mode: 0o700})}
  }
  const repeat = async (first: Buffer, path: Buffer) => {
    const link = links.find((other) => other.path.equals(first))
    if (link) links.push({path, target: link.target})
    else await copyFile(first, path)
  }
  for await (const item of readTar(source)) {
    const {path, depth, makeParents} = place(item.name)
    if (item.type === 'folder') {
      // What is inside has yet to be written.
      await mkdir(path, {recursive: true, mode: item.mode | 0o700})
      continue
    }
    if (depth < 0 || item.type === 'other') throw refusal(item.name, 'is not a file, a folder or a symbolic link')
    await makeParents()
    if (item.type === 'file') await writeFile(path, item, onBytes)
    else if (item.type === 'hardlink') await repeat(place(item.target ?? SLASH).path, path)
    else {
      const target = item.target ?? SLASH
      if (!staysInside(target, depth)) throw refusal(item.name, `is a symbolic link to ${show(target)}, which is not in the folder that is copied`)
      links.push({path, target})
    }
  }
  for (const {path, target} of links) {
    await rm(path, {force: true})
    await symlink(target, path)
  }
}

/** Moves a folder to where it belongs; what else is there stays. Never goes through a symbolic link, and moves nothing when something is in the way (kind `usage`). */
export async function mergeTree(from: string, to: string): Promise<void> {
  const moves: {from: Buffer; to: Buffer}[] = []
  const plan = async (source: Buffer, goal: Buffer): Promise<void> => {
    const there = await lstat(goal).catch(() => undefined)
    const isFolder = (await lstat(source)).isDirectory()
    if (there === undefined || !(there.isDirectory() || isFolder)) {
      moves.push({from: source, to: goal})
      return
    }
    if (!there.isDirectory()) throw inTheWay(goal, 'is in the way of a folder')
    if (!isFolder) throw inTheWay(goal, 'is a folder here')
    for (const name of await readdir(source, {encoding: 'buffer'})) await plan(Buffer.concat([source, SLASH, name]), Buffer.concat([goal, SLASH, name]))
  }
  await plan(Buffer.from(from), Buffer.from(to))
  for (const move of moves) await rename(move.from, move.to)
}

async function writeFile(path: Buffer, item: TarItem, onBytes: (count: number) => void): Promise<void> {
  let file: FileHandle
  try {
    file = await open(path, 'wx', item.mode)
  } catch (error) {
    throw new HelixError('usage', `cannot write ${show(path)}: ${messageOf(error)}`, {code: 'LOCAL_FILE_UNWRITABLE', cause: error})
  }
  try {
    for await (const chunk of item.content) {
      await file.writeFile(chunk)
      onBytes(chunk.length)
    }
    await file.utimes(item.mtime, item.mtime)
  } finally {
    await file.close()
  }
}

// The steps of a name, without those that say nothing.
function stepsOf(name: Buffer): Buffer[] {
  const text = name.toString('latin1')
  const steps = text.split('/')
  if (text.startsWith('/') || steps.includes('..') || text.includes('\0')) throw refusal(name, 'is not in the folder that is copied')
  return steps.filter((step) => step !== '' && step !== '.').map((step) => Buffer.from(step, 'latin1'))
}

function pathOf(folder: string, steps: Buffer[]): Buffer {
  return Buffer.concat([Buffer.from(folder), ...steps.flatMap((step) => [SLASH, step])])
}

function refusal(name: Buffer, why: string): HelixError {
  return new HelixError('denied', `the worker sent ${show(name)}, which ${why}; nothing was copied`, {code: 'COPY_REFUSED'})
}

function inTheWay(path: Buffer, why: string): HelixError {
  return new HelixError('usage', `${path} ${why}`, {code: 'COPY_REFUSED'})
}

// JSON makes control characters visible.
function show(name: Buffer): string {
  return JSON.stringify(name.toString())
}
