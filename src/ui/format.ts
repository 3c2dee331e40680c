const UNITS = ['', 'K', 'M', 'G', 'T', 'P'] as const

/** A number with its thousands apart. */
export function formatCount(count: number): string {
  return count.toLocaleString('en-US')
}

/** Bytes in at most four characters, in units of 1024. */
export function formatBytes(bytes: number): string {
  const power = bytes < 1 ? 0 : Math.min(UNITS.length - 1, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${value < 9.95 && power > 0 ? value.toFixed(1).replace('.0', '') : Math.round(value)}${UNITS[power]}`
}

/** Milliseconds in at most six characters. */
export function formatTime(ms: number): string {
  const seconds = Math.max(0, ms) / 1000
  if (seconds < 9.95) return `${seconds.toFixed(1)}s`
  if (seconds < 60) return `${Math.floor(seconds)}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${pad(Math.floor(seconds % 60))}s`
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h${pad(Math.floor((seconds / 60) % 60))}m`
  return `${Math.floor(seconds / 86_400)}d${pad(Math.floor((seconds / 3600) % 24))}h`
}

/** A share of a hundred, or `-` where it is not known. */
export function formatPercent(percent: number | undefined): string {
  return percent === undefined ? '-' : `${Math.round(percent)}%`
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
