import {showLine} from '../core/show-text.js'

/** Shows on stderr, while that is a terminal, what an installation is doing: one line that changes. */
export function showInstallProgress(): {show: (worker: string, status: string, done?: number, total?: number) => void; clear: () => void} {
  const live = process.stderr.isTTY && process.env.TERM !== 'dumb'
  let last = ''
  return {
    show(worker, status, done, total) {
      if (!live) return
      const percent = total ? ` ${Math.floor((100 * (done ?? 0)) / total)} % of ${(total / 1e6).toFixed(1)} MB` : ''
      const line = `${worker}: ${showLine(status)}${percent}`
      if (line !== last) process.stderr.write(`\r\u001b[K${line}`)
      last = line
    },
    clear() {
      if (last !== '') process.stderr.write('\r\u001b[K')
      last = ''
    },
  }
}
