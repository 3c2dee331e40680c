/** The candidate that `word` was probably meant to be: at most two typing errors, fewer for short words; undefined when none is near. */
export function nearestName(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.min(2, Math.floor(word.length / 3))
  const near = candidates.map((name) => ({name, distance: countEdits(word.toLowerCase(), name.toLowerCase(), limit)})).filter(({distance}) => distance <= limit)
  return near.sort((a, b) => a.distance - b.distance)[0]?.name
}

// Levenshtein's distance, one row of the table at a time.
function countEdits(from: string, to: string, limit: number): number {
  if (Math.abs(from.length - to.length) > limit) return Number.POSITIVE_INFINITY
  let row = Array.from({length: to.length + 1}, (_, index) => index)
  for (const [i, character] of [...from].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...to].entries()) {
      next.push(Math.min((row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1, (row[j] ?? 0) + (character === other ? 0 : 1)))
    }
    row = next
  }
  return row[to.length] ?? Number.POSITIVE_INFINITY
}
