// OpenSSH's server takes packets of up to 256 KiB; 64 KiB are within what others take that say nothing.
const CHUNK = 64 * 1024
const AT_ONCE = 32

/** Runs `copy` for each chunk of `size` bytes, several at once, so that the link's latency does not count for each; stops at the first that fails. */
export async function inChunks(size: number, copy: (position: number, length: number) => Promise<void>): Promise<void> {
  let next = 0
  const copyOn = async () => {
    while (next < size) {
      const position = next
      const length = Math.min(CHUNK, size - position)
      next += length
      try {
        await copy(position, length)
      } catch (error) {
        next = size
        throw error
      }
    }
  }
  await Promise.all(Array.from({length: Math.min(AT_ONCE, Math.ceil(size / CHUNK))}, copyOn))
}
