// OpenSSH's server takes packets of up to 256 KiB, its own overhead included; ssh2 divides what goes to others.
const CHUNK = 254 * 1024
const AT_ONCE = 16

/**
 * Runs `copy` for each chunk of `size` bytes, several at once, so that the link's latency does not count for each; stops
 * at the first that fails. Chunks of one `lane`, numbered from 0, come one after the other and may share a buffer.
 */
export async function inChunks(size: number, copy: (position: number, length: number, lane: number) => Promise<void>): Promise<void> {
  let next = 0
  const copyOn = async (lane: number) => {
    while (next < size) {
      const position = next
      const length = Math.min(CHUNK, size - position)
      next += length
      try {
        await copy(position, length, lane)
      } catch (error) {
        next = size
        throw error
      }
    }
  }
  await Promise.all(Array.from({length: Math.min(AT_ONCE, Math.ceil(size / CHUNK))}, (_, lane) => copyOn(lane)))
}

/** Gives each lane a buffer of its own, made when it is first used: new ones for every chunk would cost more than the copying. */
export function laneBuffers(): (lane: number, length: number) => Buffer {
  const buffers: Buffer[] = []
  return (lane, length) => {
    buffers[lane] ??= Buffer.allocUnsafeSlow(length)
    // Only a lane's last chunk is shorter than its first.
    return buffers[lane].subarray(0, length)
  }
}
