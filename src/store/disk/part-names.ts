import { createHash } from 'node:crypto'

const EXTENSION = '.parquet'

/** Bytes of a file name on every file system in use; `<name>.<n>.parquet` has to stay under it. */
const FILE_NAME_BYTES_MAX = 255
/** `.` and the digits of the largest number, and the extension. */
const SUFFIX_BYTES_MAX = 1 + String(Number.MAX_SAFE_INTEGER).length + EXTENSION.length
const NAME_BYTES_MAX = FILE_NAME_BYTES_MAX - SUFFIX_BYTES_MAX

/** Ends the readable beginning of a name that was too long. Never met elsewhere: `%` otherwise starts two digits. */
const LONG_MARK = '%-'
/** 128 bits as hexadecimal digits: no two of any thinkable number of keys share them. */
const LONG_HASH_LENGTH = 32

/**
 * What stands for itself. Left out of ASCII: separators, what a shell, Windows, a URL or a glob of DuckDB reads
 * as something else, and `=`, which makes a folder a Hive partition.
 */
const PLAIN = /^[\p{L}\p{M}\p{N}_\-.+@,() ]$/u
const ASCII = /^[\x20-\x7e]$/

/** Names that Windows gives to devices, with any extension. */
const RESERVED = /^(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?=\.|$)/i
/** What follows a name in a part, a log or a part's number: a key that ends so would pass for another's file. */
const SUFFIX_LIKE = /\.(?=(?:\d+|parquet|log)$)/i

/**
 * The name of a file or folder for a key or a schema. One to one: `decodeName` gives the text back, unless it was
 * too long, and no two texts share a name. Keys as market data has them (`BTC_USD_20260203`) stay as they are.
 *
 * Each character that is not plain becomes its UTF-8 bytes as `%XX`; so do `.` and space at either end, the first
 * letter of a Windows device and the last `.` of what looks like a suffix of ours. Text that is not in normal form C is
 * encoded throughout, since some file systems take all forms for one. A name of more than 230 bytes keeps its
 * beginning and ends in a hash.
 *
 * A file system that ignores case still takes `BTC` and `btc` for one name: the store therefore never writes over
 * a file that exists, and takes the next number.
 */
export function encodeName(text: string): string {
  const isNormal = text.normalize('NFC') === text
  const suffixDot = SUFFIX_LIKE.exec(text)?.index ?? -1
  const isReserved = RESERVED.test(text)
  let index = 0
  const encoded = Array.from(text).map((char) => {
    const at = index
    index += char.length
    const isEdge = at === 0 || index === text.length
    const isSpecial =
      (isEdge && (char === '.' || char === ' ')) || (at === 0 && isReserved) || at === suffixDot
    const isPlain = PLAIN.test(char) && (isNormal || ASCII.test(char)) && !isSpecial
    return isPlain ? char : percentEncode(char)
  })
  const name = encoded.join('')
  return Buffer.byteLength(name) <= NAME_BYTES_MAX ? name : longName(text, encoded)
}

/** The text of a name that `encodeName` made; null where it was too long to be kept, undefined for other names. */
export function decodeName(name: string): string | null | undefined {
  const markIndex = name.indexOf(LONG_MARK)
  if (markIndex !== -1) {
    return /^[0-9a-f]+$/.test(name.slice(markIndex + 2)) && name.length === markIndex + 2 + LONG_HASH_LENGTH
      ? null
      : undefined
  }
  try {
    const text = decodeURIComponent(name)
    return encodeName(text) === name ? text : undefined
  } catch {
    return undefined
  }
}

/**
 * The file name of a part: `<key>.parquet` for number 0, `<key>.<n>.parquet` after it. At most 255 bytes.
 *
 * A part of a partition has the name of a part of the key `<key>_<partition>`, as which it is read well where there is
 * no catalog. Parts of both count their numbers together, so that they never share a name; whose a part is says its
 * metadata.
 *
 * @param key - a dataset key, 1 to 200 bytes of UTF-8, or that with the suffix of a partition.
 * @param number - of the part among all of that name, never used twice.
 */
export function partFileName(key: string, number: number): string {
  return number === 0 ? encodeName(key) + EXTENSION : `${encodeName(key)}.${number}${EXTENSION}`
}

/** What a part's file name says. */
export interface PartName {
  /** Null where the key was too long for a file name: it stands in the part's metadata. */
  readonly key: string | null
  /** The encoded key, the same for all parts of it. */
  readonly name: string
  readonly number: number
}

/** The inverse of `partFileName`; undefined for any name that it never gives. */
export function parsePartFileName(fileName: string): PartName | undefined {
  const match = /^(.+?)(?:\.([1-9]\d{0,15}))?\.parquet$/su.exec(fileName)
  const name = match?.[1]
  if (name === undefined) return undefined
  const key = decodeName(name)
  const number = Number(match?.[2] ?? 0)
  if (key === undefined || !Number.isSafeInteger(number)) return undefined
  return { key, name, number }
}

function percentEncode(char: string): string {
  return Array.from(Buffer.from(char), (byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join(
    '',
  )
}

function longName(text: string, encoded: readonly string[]): string {
  const hash = createHash('sha256').update(text).digest('hex').slice(0, LONG_HASH_LENGTH)
  const room = NAME_BYTES_MAX - LONG_MARK.length - LONG_HASH_LENGTH
  let start = ''
  for (const piece of encoded) {
    if (Buffer.byteLength(start) + Buffer.byteLength(piece) > room) break
    start += piece
  }
  return start + LONG_MARK + hash
}
