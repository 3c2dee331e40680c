import type {PullProgress} from '../core/providers/provider.js'
import {showLine} from '../core/show-text.js'

/** Shows on stderr how far a model has come: one line that changes on a terminal, a line for each step elsewhere. */
export function showPullProgress(model: string): {show: (progress: PullProgress) => void; end: () => void} {
  const live = process.stderr.isTTY && process.env.TERM !== 'dumb'
  let last = ''
  return {
    show({status, completedBytes, totalBytes}) {
      const percent = totalBytes ? `${Math.floor((100 * (completedBytes ?? 0)) / totalBytes)} % of ${Math.round(totalBytes / 1e6)} MB` : ''
      const line = live ? `${model}: ${showLine(status)} ${percent}` : `${model}: ${showLine(status)}`
      if (line === last) return
      last = line
      process.stderr.write(live ? `\r\u001b[K${line}` : `${line}\n`)
    },
    end() {
      if (live && last) process.stderr.write('\n')
    },
  }
}
