const TABLE = Uint32Array.from({length: 256}, (_, byte) => {
  let sum = byte << 24
  for (let bit = 0; bit < 8; bit++) sum = sum & 0x80000000 ? (sum << 1) ^ 0x04c11db7 : sum << 1
  return sum
})

/** What the program `cksum` prints for a content: the CRC of POSIX, which is not zlib's. */
export function cksumOf(content: Buffer): string {
  let sum = 0
  const add = (byte: number) => {
    sum = (sum << 8) ^ (TABLE[(sum >>> 24) ^ byte] ?? 0)
  }
  for (const byte of content) add(byte)
  for (let length = content.length; length > 0; length = Math.floor(length / 256)) add(length % 256)
  return String(~sum >>> 0)
}
