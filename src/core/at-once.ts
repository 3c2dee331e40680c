/** Does something with each item, with so many of them at the same time. Rejects with the first failure. */
export async function forEachAtOnce<T>(items: readonly T[], atOnce: number, work: (item: T, index: number) => Promise<void>): Promise<void> {
  const waiting = [...items.entries()]
  const takeNext = async (): Promise<void> => {
    for (let next = waiting.shift(); next; next = waiting.shift()) await work(next[1], next[0])
  }
  await Promise.all(Array.from({length: Math.min(atOnce, items.length)}, takeNext))
}
