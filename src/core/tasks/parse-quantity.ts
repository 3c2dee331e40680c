import {HelixError} from '../errors/helix-error.js'

const SECONDS: Record<string, number> = {ms: 0.001, s: 1, m: 60, h: 3600, d: 86_400}
const BYTES: Record<string, number> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
  TIB: 1024 ** 4,
}

/** Seconds of a duration such as `90`, `90s`, `10m` or `1h30m`. Throws `usage`. */
export function parseDuration(text: string): number {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d)/g)]
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text)
  if (parts.length === 0 || parts.map((part) => part[0]).join('') !== text) {
    throw new HelixError('usage', `${text} is not a duration; write 90s, 10m or 1h30m`, {code: 'DURATION_INVALID'})
  }
  return parts.reduce((sum, [, number, unit]) => sum + Number(number) * (SECONDS[unit ?? ''] ?? 0), 0)
}

/** Bytes of a size such as `512MB`, `2GB` or `1.5GiB`; a number alone is bytes. Throws `usage`. */
export function parseSize(text: string): number {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)\s*([A-Za-z]*)$/.exec(text) ?? []
  const short = /^[KMGT]$/i.test(unit) ? `${unit}B` : unit || 'B'
  const factor = BYTES[short.toUpperCase()]
  if (number === undefined || factor === undefined) throw new HelixError('usage', `${text} is not a size; write 512MB, 2GB or 1.5GiB`, {code: 'SIZE_INVALID'})
  return Math.round(Number(number) * factor)
}
