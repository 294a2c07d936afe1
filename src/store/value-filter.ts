import { createHash } from 'node:crypto'
import { crc32 } from 'node:zlib'

/**
 * Which values a column of a part can have, where they are too many to list: a split block Bloom filter as Parquet has
 * them, of blocks of 32 bytes, one of which tells of a value. Other hashes than Parquet's: the first eight bytes of the
 * SHA-256 of a value as DuckDB prints it, which both of us compute fast enough and will compute the same for ever.
 *
 * Source: Parquet format, BloomFilter.md, "Split Block Bloom Filters".
 */
export const BLOCK_BYTES = 32

/** Of the checksum behind the blocks of a filter in the catalog. */
const CRC_BYTES = 4

/** Bits for each value: of 200 values that are not there, one seems to be. */
const BITS_PER_VALUE = 12

/** Odd numbers, one for each word of a block: which bit of it a hash sets. They are those of Parquet. */
const SALTS = [
  0x47b6137b, 0x44974d91, 0x8824ad5b, 0xa2b7289d, 0x705495c7, 0x2df1424b, 0x9efc4947, 0x5c6bfb31,
] as const

/** Two unsigned numbers of 32 bits: the first chooses the block, the other the bits in it. */
export interface ValueHash {
  readonly place: number
  readonly bits: number
}

/** Of a value as DuckDB prints it. */
export function hashValue(text: string): ValueHash {
  const digest = createHash('sha256').update(text).digest()
  return { place: digest.readUInt32BE(0), bits: digest.readUInt32BE(4) }
}

/** Of the SHA-256 in hexadecimal digits, of which the first 16 are enough. */
export function parseValueHash(digits: string): ValueHash {
  return { place: Number.parseInt(digits.slice(0, 8), 16), bits: Number.parseInt(digits.slice(8, 16), 16) }
}

/** Values that a filter of so many bytes can tell apart. */
export function filterValuesMax(bytes: number): number {
  return Math.floor((bytes * 8) / BITS_PER_VALUE)
}

/** A filter in which the values of these hashes are. */
export function makeValueFilter(hashes: readonly ValueHash[]): Uint8Array {
  const blocks = Math.max(1, Math.ceil((hashes.length * BITS_PER_VALUE) / (BLOCK_BYTES * 8)))
  const filter = new Uint32Array((blocks * BLOCK_BYTES) / 4)
  for (const hash of hashes) {
    let at = blockOf(hash, blocks) * SALTS.length
    for (const salt of SALTS) {
      filter[at] = (filter[at] ?? 0) | (1 << indexOfBit(hash.bits, salt))
      at += 1
    }
  }
  return new Uint8Array(filter.buffer)
}

/** A filter, or a piece of one, as the catalog keeps it: its CRC-32 follows the last block. */
export function sealFilter(filter: Uint8Array): Uint8Array {
  const sealed = Buffer.alloc(filter.byteLength + CRC_BYTES)
  sealed.set(filter)
  sealed.writeUInt32LE(crc32(filter), filter.byteLength)
  return sealed
}

/** The filter that {@link sealFilter} took, or an earlier version kept as it was; null where bits of it have changed. */
export function openFilter(sealed: Buffer): Buffer | null {
  if (sealed.byteLength % BLOCK_BYTES !== CRC_BYTES)
    return sealed.byteLength % BLOCK_BYTES === 0 ? sealed : null
  const end = sealed.byteLength - CRC_BYTES
  return crc32(sealed.subarray(0, end)) === sealed.readUInt32LE(end) ? sealed.subarray(0, end) : null
}
/** The block, of so many of a filter, that tells of a value. */
export function blockOf({ place }: ValueHash, blocks: number): number {
  return Math.floor((place * blocks) / 2 ** 32)
}

/** The nibbles in which a bit is set, as GLOB has them, by the bit. */
const NIBBLES = ['[13579BDF]', '[2367ABEF]', '[4567CDEF]', '[89ABCDEF]'] as const

/**
 * What SQLite compares the hexadecimal digits of a block with, by GLOB: it matches unless a value of this hash is not
 * there for certain.
 */
export function blockPattern({ bits }: ValueHash): string {
  const digits = new Array<string>(BLOCK_BYTES * 2).fill('?')
  SALTS.forEach((salt, word) => {
    const bit = indexOfBit(bits, salt)
    // Words are little-endian, the first digit of a byte is its upper half.
    const digit = (word * 4 + (bit >> 3)) * 2 + ((bit & 4) === 0 ? 1 : 0)
    digits[digit] = NIBBLES[bit & 3] ?? '?'
  })
  return digits.join('')
}

function indexOfBit(bits: number, salt: number): number {
  return Math.imul(bits, salt) >>> 27
}
