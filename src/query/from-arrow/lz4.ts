import { SternaError } from '../../errors.ts'

const FRAME_MAGIC = 0x184d2204
/** The bits of FLG, the first byte after the magic. */
const HAS_DICTIONARY_ID = 1 << 0
const HAS_CONTENT_SIZE = 1 << 3
const HAS_BLOCK_CHECKSUM = 1 << 4
/** In the size of a block: it is stored as it is. */
const IS_UNCOMPRESSED = 0x8000_0000
const MATCH_BYTES_MIN = 4

/**
 * Decodes one LZ4 frame. Checksums are skipped: the transport has its own.
 *
 * Source: the LZ4 frame and block format descriptions of https://github.com/lz4/lz4.
 *
 * @param bytesMax - what the frame must decode to, exactly; more is never allocated or written.
 * @throws {@link SternaError} IPC_MALFORMED for anything else than such a frame.
 */
export function decodeLz4Frame(frame: Uint8Array, bytesMax: number): Uint8Array {
  const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
  if (frame.length < 7 || view.getUint32(0, true) !== FRAME_MAGIC) throw malformedLz4()
  const flags = view.getUint8(4)
  if (flags >> 6 !== 1 || (flags & HAS_DICTIONARY_ID) !== 0) throw malformedLz4()
  // FLG, BD, content size where it is given, header checksum.
  let position = 4 + 2 + ((flags & HAS_CONTENT_SIZE) === 0 ? 0 : 8) + 1
  const checksumBytes = (flags & HAS_BLOCK_CHECKSUM) === 0 ? 0 : 4
  const output = new Uint8Array(bytesMax)
  let written = 0
  for (;;) {
    if (position + 4 > frame.length) throw malformedLz4()
    const header = view.getUint32(position, true)
    position += 4
    if (header === 0) break
    const length = header & ~IS_UNCOMPRESSED
    if (position + length > frame.length) throw malformedLz4()
    const block = frame.subarray(position, position + length)
    position += length + checksumBytes
    if (header >= IS_UNCOMPRESSED) {
      if (written + length > bytesMax) throw malformedLz4()
      output.set(block, written)
      written += length
    } else {
      written = decodeBlock(block, output, written)
    }
  }
  if (written !== bytesMax) throw malformedLz4()
  return output
}

/**
 * Sequences of literals and a match, which is a copy of what came before; the last one has literals only.
 * Matches may reach into the blocks before, which is why all of them share `output`.
 */
function decodeBlock(block: Uint8Array, output: Uint8Array, start: number): number {
  const end = block.length
  let from = 0
  let to = start
  while (from < end) {
    const token = block[from++] ?? 0
    let literals = token >> 4
    if (literals === 15) {
      let more = 255
      while (more === 255 && from < end) literals += more = block[from++] ?? 0
    }
    if (from + literals > end || to + literals > output.length) throw malformedLz4()
    if (literals > 16) output.set(block.subarray(from, from + literals), to)
    else for (let i = 0; i < literals; i++) output[to + i] = block[from + i] ?? 0
    from += literals
    to += literals
    if (from === end) return to
    if (from + 2 > end) throw malformedLz4()
    const distance = (block[from] ?? 0) | ((block[from + 1] ?? 0) << 8)
    from += 2
    let length = (token & 15) + MATCH_BYTES_MIN
    if ((token & 15) === 15) {
      let more = 255
      while (more === 255 && from < end) length += more = block[from++] ?? 0
    }
    if (distance === 0 || distance > to || to + length > output.length) throw malformedLz4()
    // A match that overlaps what it writes repeats it, byte by byte.
    if (distance >= length && length > 32) output.copyWithin(to, to - distance, to - distance + length)
    else for (let i = 0; i < length; i++) output[to + i] = output[to - distance + i] ?? 0
    to += length
  }
  return to
}

function malformedLz4(): SternaError {
  return new SternaError(
    'IPC_MALFORMED',
    'A buffer of a record batch is not an LZ4 frame of the length it states',
  )
}
