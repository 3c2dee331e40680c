// https://no-color.org: set and not empty.
const isColored = !process.env.NO_COLOR

const TONES = {
  running: 'cyan',
  active: 'green',
  completed: 'green',
  failed: 'red',
  inactive: 'yellow',
  maintenance: 'yellow',
  cancelled: 'yellow',
  pending: 'gray',
  quiet: 'gray',
  warning: 'yellow',
} as const

export type Tone = keyof typeof TONES

/** Properties of a text in the color that a state has everywhere. */
export function tone(name: Tone): {color?: string} {
  return isColored ? {color: TONES[name]} : {}
}
