import {basename} from 'node:path'
import type {FileProgress} from '../core/requests/copy-task-files.js'
import {showLine} from '../core/show-text.js'

const PAUSE_MS = 100

/** Shows on a terminal how far the file has come that is being copied for a task; the line is gone when the file is there. Nothing is shown elsewhere. */
export function copyProgress(stream: {isTTY?: boolean; write(text: string): unknown}, now = () => performance.now()): (progress: FileProgress) => void {
  if (!stream.isTTY || process.env.TERM === 'dumb') return () => {}
  let shownAt = Number.NEGATIVE_INFINITY
  return ({direction, path, done, total}) => {
    const isOver = done >= total
    if (!isOver && now() - shownAt < PAUSE_MS) return
    shownAt = now()
    const percent = total > 0 ? Math.floor((100 * done) / total) : 100
    stream.write(
      isOver ? '\r\u001b[K' : `\r\u001b[K${direction === 'up' ? '↑' : '↓'} ${showLine(basename(path))} ${percent} % of ${(total / 1e6).toFixed(1)} MB`,
    )
  }
}
