import {existsSync} from 'node:fs'
import {posix, resolve} from 'node:path'
import {HelixError} from '../errors/helix-error.js'
import {type Argument, argumentBytes} from '../workers/shell-quote.js'
import type {FileCopy} from './task.js'
import {fillText} from './task-template.js'

/** What a request asks to be copied, each as PATH or PATH:DEST, and the folder of this machine that its relative paths are in. */
export interface AskedFiles {
  uploads: readonly string[]
  downloads: readonly string[]
  folder: string
}

interface Item {
  item: Argument
  number: number
}

/**
 * The files of a task; of one that is made of an item, with the item in their paths. Throws `usage` for a path that leads out of the
 * task's folder, for two copies to one place, and for a missing file, unless the path has an item in it: that is for its own task to fail of.
 */
export function placeFiles({uploads, downloads, folder}: AskedFiles, item?: Item): {uploads?: FileCopy[]; downloads?: FileCopy[]} {
  const up = uploads.map((text) => placeUpload(text, folder, item))
  const down = downloads.map((text) => placeDownload(text, folder, item))
  for (const copies of [up, down]) refuseSameTarget(copies)
  return {...(up.length > 0 && {uploads: up}), ...(down.length > 0 && {downloads: down})}
}

function placeUpload(text: string, folder: string, item: Item | undefined): FileCopy {
  const {from, to} = split(text)
  const path = resolve(folder, fill(from, item))
  if (!(item && hasPlaceholder(from)) && !existsSync(path)) throw new HelixError('usage', `there is no file ${path} to upload`, {code: 'UPLOAD_MISSING'})
  return {from: path, to: workerPath(to === '' ? ownName(from, item) : fill(into(to, from), item))}
}

function placeDownload(text: string, folder: string, item: Item | undefined): FileCopy {
  const {from, to} = split(text)
  const target = to === '' ? posix.basename(from) : into(to, from)
  if (item && !hasPlaceholder(target))
    throw new HelixError('usage', `all lines would download to ${target}`, {code: 'DOWNLOAD_SHARED', hint: 'Put {} or {#} into the name: result:result-{#}'})
  const filled = to === '' ? ownName(from, item) : fill(target, item)
  if (item && ((leadsUp(filled) && !leadsUp(target)) || (posix.isAbsolute(filled) && !posix.isAbsolute(target))))
    throw new HelixError('usage', `the line makes a download lead out of the folder: ${filled}`, {code: 'PATH_LEADS_OUT'})
  return {from: workerPath(fill(from, item)), to: resolve(folder, filled)}
}

/** PATH:DEST at its last colon; a colon at the very end leaves DEST out, for a PATH with a colon in it. */
function split(text: string): {from: string; to: string} {
  const at = text.lastIndexOf(':')
  const [from, to] = at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
  if (posix.basename(from) === '' || from.includes('\0') || to.includes('\0'))
    throw new HelixError('usage', `${text} does not name a file to copy; write PATH or PATH:DEST`, {code: 'COPY_INVALID'})
  return {from, to}
}

/** A DEST that ends with a slash is a folder for the copy. */
function into(to: string, from: string): string {
  return to.endsWith('/') ? `${to}${posix.basename(from)}` : to
}

/** The name of a copy that is given none. A line that is a path keeps its folders, as long as they lead down: its command asks for it under that path. */
function ownName(from: string, item: Item | undefined): string {
  const name = fill(posix.basename(from), item)
  return posix.isAbsolute(name) || leadsUp(name) ? posix.basename(name) : name
}

function workerPath(path: string): string {
  if (leadsUp(path)) throw new HelixError('usage', `${path} leads out of the folder of the task`, {code: 'PATH_LEADS_OUT', hint: 'Give an absolute path.'})
  return posix.normalize(path)
}

function leadsUp(path: string): boolean {
  return path.split('/').includes('..')
}

function fill(text: string, item: Item | undefined): string {
  return item ? fillText(text, [argumentBytes(item.item)], item.number).toString() : text
}

function hasPlaceholder(text: string): boolean {
  return text.includes('{}') || text.includes('{#}')
}

function refuseSameTarget(copies: readonly FileCopy[]): void {
  const seen = new Set<string>()
  for (const {to} of copies) {
    if (seen.has(to)) throw new HelixError('usage', `two files would be copied to ${to}`, {code: 'COPY_TARGET_REPEATED'})
    seen.add(to)
  }
}
