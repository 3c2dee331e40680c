type Version = [major: number, minor: number, patch: number]

const COMPARATOR = /^(\^|~|>=|<=|>|<|=)?v?(\d+|[x*])(?:\.(\d+|[x*]))?(?:\.(\d+|[x*]))?(?:[-+].*)?$/i
const ANY: [from: Version, to: Version] = [
  [0, 0, 0],
  [Number.POSITIVE_INFINITY, 0, 0],
]

/**
 * Whether a version is within a range as npm writes them (`^1.2.0`, `>=0.1 <2`, `1.x || 2.x`), pre-releases counting as what they precede. True for what
 * is no such range, as an address or the name of a tag.
 */
export function allowsVersion(range: string, version: string): boolean {
  const wanted = versionOf(version.replace(/[-+].*/, '').split('.'))
  const sets = range.split('||').map((set) =>
    set
      .trim()
      .replaceAll(/([<>=^~])\s+/g, '$1')
      .split(/\s+/)
      .filter(Boolean)
      .map(intervalOf),
  )
  if (sets.flat().includes(undefined)) return true
  return sets.some((set) => set.every((interval = ANY) => compare(interval[0], wanted) <= 0 && compare(wanted, interval[1]) < 0))
}

// Every comparator is an interval without its end.
function intervalOf(text: string): [from: Version, to: Version] | undefined {
  const [, operator = '=', ...parts] = COMPARATOR.exec(text) ?? []
  if (parts.length === 0) return undefined
  const given = parts.filter((part) => part !== undefined && /\d/.test(part))
  if (given.length === 0) return ANY
  const from = versionOf(given)
  const next = (place: number) => from.map((number, index) => (index < place ? number : index === place ? number + 1 : 0)) as Version
  const last = given.length - 1
  if (operator === '>=') return [from, ANY[1]]
  if (operator === '>') return [next(last), ANY[1]]
  if (operator === '<') return [ANY[0], from]
  if (operator === '<=') return [ANY[0], next(last)]
  const first = from.findIndex((number) => number > 0)
  const place = {'=': last, '~': Math.min(last, 1), '^': first < 0 ? last : Math.min(first, last)}[operator] ?? last
  return [from, next(place)]
}

function versionOf(parts: readonly (string | undefined)[]): Version {
  const [major, minor, patch] = parts.map(Number)
  return [major || 0, minor || 0, patch || 0]
}

function compare(a: Version, b: Version): number {
  return a[0] - b[0] || a[1] - b[1] || a[2] - b[2]
}
