const MOST_NAMED = 4

/** A size for a person; a dash where it is not known. */
export function describeBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined) return '-'
  return bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`
}

/** The first names, and how many more there are. */
export function describeWorkers(names: readonly string[]): string {
  const more = names.length - MOST_NAMED
  return more > 0 ? `${names.slice(0, MOST_NAMED).join(', ')} and ${more} more` : names.join(', ')
}
