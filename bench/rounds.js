// @ts-check

/**
 * Runs each peer once a round, so that whatever else the machine does meets all of them alike.
 * @param {Record<string, () => Promise<number>>} peers each resolves to its figure
 * @param {number} count rounds; one more, before them, does not count
 * @returns {Promise<Record<string, number[]>>}
 */
export async function measureRounds(peers, count) {
  /** @type {Record<string, number[]>} */
  const figures = Object.fromEntries(Object.keys(peers).map((name) => [name, []]))
  for (let round = 0; round <= count; round += 1) {
    for (const [name, run] of Object.entries(peers)) {
      const figure = await run()
      if (round > 0) figures[name]?.push(figure)
    }
  }
  return figures
}

/** @param {readonly number[]} values */
export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? (sorted[middle] ?? 0) : ((sorted[middle - 1] ?? 0) + (sorted[middle] ?? 0)) / 2
}

/**
 * A figure with its spread, such as `41.2 ms (38.0 to 55.1)`.
 * @param {readonly number[]} values
 * @param {string} unit
 */
export function show(values, unit) {
  const digits = median(values) < 100 ? 1 : 0
  const text = (/** @type {number} */ value) => value.toLocaleString('en', {maximumFractionDigits: digits, minimumFractionDigits: digits})
  return `${text(median(values))} ${unit} (${text(Math.min(...values))} to ${text(Math.max(...values))})`
}

/**
 * One line of a result.
 * @param {string} name
 * @param {string} text
 */
export function line(name, text) {
  console.log(`${name.padEnd(48)} ${text}`)
}

/**
 * A ratio beside what it should be at most, or at least.
 * @param {number} ratio
 * @param {{most?: number, least?: number}} target
 */
export function verdict(ratio, {most, least}) {
  const times = `${ratio.toFixed(2)} ×`
  if (most !== undefined) return `${times}, to be at most ${most} ×: ${ratio <= most ? 'reached' : 'MISSED'}`
  if (least !== undefined) return `${times}, to be at least ${least} ×: ${ratio >= least ? 'reached' : 'MISSED'}`
  return times
}
