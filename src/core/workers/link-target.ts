/**
 * True when a symbolic link stays within the folder that is copied, whatever other such links are on its way: it may go
 * up only at its beginning, where all folders are real ones, and not further than to the folder itself. `depth` counts
 * the folders that the link is in below it.
 */
export function staysInside(target: Buffer, depth: number): boolean {
  const steps = target.toString('latin1').split('/')
  if (target.length === 0 || steps[0] === '') return false
  const up = steps.findIndex((step) => step !== '..')
  const ups = up < 0 ? steps.length : up
  return ups <= depth && !steps.slice(ups).includes('..')
}
