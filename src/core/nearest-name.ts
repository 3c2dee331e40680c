import leven from 'leven'

/** The candidate that `word` was probably meant to be: at most two typing errors, fewer for short words; undefined when none is near. */
export function nearestName(word: string, candidates: readonly string[]): string | undefined {
  const limit = Math.min(2, Math.floor(word.length / 3))
  const near = candidates.map((name) => ({name, distance: leven(word.toLowerCase(), name.toLowerCase())})).filter(({distance}) => distance <= limit)
  return near.sort((a, b) => a.distance - b.distance)[0]?.name
}
