import { promisify } from 'node:util'
import { constants, deflateRaw, inflateRawSync, type ZlibOptions } from 'node:zlib'

import { varintLength, writeVarint } from '../../flight/codec/wire.ts'

/** Metadata of a part: a JSON list of {@link PackedOccurrences}, in the order of their rows. */
export const PART_OCCURRENCES_KEY = 'sterna:occurrences'

/** Packed occurrences kept for one part: every reader of the footer has to take them along. */
export const PART_OCCURRENCES_BYTES_MAX = 1024 * 1024

/** Values of one run: so many are unpacked at once, for whichever of its rows. */
export const OCCURRENCES_MAX = 2 ** 24

const VARINT_BYTES_MAX = 5

/**
 * Which place of its dictionary each value of a run of rows named, where the value alone does not say it: a
 * dictionary may say a value more than once, and have nulls among its values.
 */
export interface Occurrences {
  /** Which of the dictionary-encoded columns of the schema it is, nested ones too, depth first. */
  readonly column: number
  readonly row: number
  readonly rows: number
  /** How many values each row has, where the column is inside of lists; else null, and each has one. */
  readonly lengths: Uint32Array | null
  /**
   * For each value, how many equal ones stand before it in its dictionary. For each null 0, if it names no value of the
   * dictionary, and n, if it names the n-th null there.
   */
  readonly numbers: Uint32Array
}

/** {@link Occurrences} as they are kept: numbers as varints, deflated, in base64. */
export interface PackedOccurrences extends Pick<Occurrences, 'column' | 'row' | 'rows'> {
  readonly lengths: string | null
  readonly numbers: string
}

const deflate: (bytes: Uint8Array, options: ZlibOptions) => Promise<Buffer> = promisify(deflateRaw)

/** Measured on such numbers: a tenth of the time of the default, for 15 % more to 17 % less bytes. */
const DEFLATE_OPTIONS = { strategy: constants.Z_RLE }

export async function packOccurrences(run: Occurrences): Promise<PackedOccurrences> {
  const { column, row, rows } = run
  const lengths = run.lengths === null ? null : await packNumbers(run.lengths)
  return { column, row, rows, lengths, numbers: await packNumbers(run.numbers) }
}

/**
 * The list under {@link PART_OCCURRENCES_KEY}.
 *
 * @throws Error where it is none
 */
export function parseOccurrences(text: string): PackedOccurrences[] {
  const runs: unknown = JSON.parse(text)
  if (!Array.isArray(runs) || !runs.every(isPacked)) throw new Error('This is no list of occurrences')
  return runs
}

function isPacked(run: unknown): run is PackedOccurrences {
  if (typeof run !== 'object' || run === null) return false
  const { column, row, rows, lengths, numbers } = run as Record<string, unknown>
  const isText = typeof numbers === 'string' && (lengths === null || typeof lengths === 'string')
  return isText && [column, row, rows].every(Number.isSafeInteger)
}

/** @throws Error where it is damaged */
export function unpackOccurrences(packed: PackedOccurrences): Occurrences {
  const { column, row, rows, lengths } = packed
  return {
    column,
    row,
    rows,
    lengths: lengths === null ? null : unpackNumbers(lengths),
    numbers: unpackNumbers(packed.numbers),
  }
}

async function packNumbers(numbers: Uint32Array): Promise<string> {
  let length = 0
  for (const number of numbers) length += varintLength(number)
  const bytes = Buffer.allocUnsafe(length)
  let end = 0
  for (const number of numbers) end = writeVarint(bytes, end, number)
  return (await deflate(bytes, DEFLATE_OPTIONS)).toString('base64')
}

function unpackNumbers(text: string): Uint32Array {
  const maxOutputLength = OCCURRENCES_MAX * VARINT_BYTES_MAX
  const bytes = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength })
  let count = 0
  for (const byte of bytes) if (byte < 0x80) count += 1
  const numbers = new Uint32Array(count)
  let at = 0
  let shift = 0
  let number = 0
  for (const byte of bytes) {
    number |= (byte & 0x7f) << shift
    shift += 7
    if (byte >= 0x80) continue
    numbers[at++] = number
    number = 0
    shift = 0
  }
  return numbers
}
