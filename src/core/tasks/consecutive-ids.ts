import {randomInt, randomUUID} from 'node:crypto'

const COUNT = 2 ** 32

/**
 * Makes the ids of tasks that are queued together: random, but for the first eight digits, which count on from a random number. So the
 * entries of such tasks lie side by side in an index, and whoever claims or ends many of them writes few of its pages.
 */
export function consecutiveIds(): () => string {
  let next = randomInt(COUNT)
  return () => {
    const first = next.toString(16).padStart(8, '0')
    next = (next + 1) % COUNT
    return first + randomUUID().slice(first.length)
  }
}
