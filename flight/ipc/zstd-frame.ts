/** Source: RFC 8878, sections 3.1.1.1 (frame header) and 3.1.1.2 (blocks). */
const MAGIC = 0xfd2f_b528
/** Content size in 4 bytes, one segment, no checksum, no dictionary. */
const DESCRIPTOR = 0xa0
const HEADER_BYTES = 9
const BLOCK_HEADER_BYTES = 3
const BLOCK_BYTES_MAX = 128 * 1024

const RAW = 0
const RUN = 1

/**
 * Bytes as a zstd frame that does not make them smaller: for readers that take nothing but zstd.
 *
 * @param bytes - under 4 GiB
 * @returns bytes of their own
 */
export function zstdStored(bytes: Uint8Array): Buffer {
  const blocks = blockCount(bytes.length)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + blocks * BLOCK_HEADER_BYTES + bytes.length)
  let at = writeHeader(frame, bytes.length)
  for (let start = 0, left = blocks; left > 0; left -= 1) {
    const block = bytes.subarray(start, start + BLOCK_BYTES_MAX)
    at = writeBlockHeader(frame, at, RAW, block.length, left === 1)
    frame.set(block, at)
    at += block.length
    start += block.length
  }
  return frame
}

/**
 * A run of one byte as a zstd frame: 4 bytes for each 128 KiB.
 *
 * @param length - under 4 GiB
 * @returns bytes of their own
 */
export function zstdRun(byte: number, length: number): Buffer {
  const blocks = blockCount(length)
  const frame = Buffer.allocUnsafe(HEADER_BYTES + blocks * (BLOCK_HEADER_BYTES + 1))
  let at = writeHeader(frame, length)
  for (let left = blocks; left > 0; left -= 1) {
    const size = left === 1 ? length - (blocks - 1) * BLOCK_BYTES_MAX : BLOCK_BYTES_MAX
    at = writeBlockHeader(frame, at, RUN, size, left === 1)
    at = frame.writeUInt8(byte, at)
  }
  return frame
}

/** Spec: a frame has at least one block. */
function blockCount(length: number): number {
  return Math.max(1, Math.ceil(length / BLOCK_BYTES_MAX))
}

function writeHeader(frame: Buffer, length: number): number {
  frame.writeUInt32LE(MAGIC, 0)
  frame.writeUInt8(DESCRIPTOR, 4)
  return frame.writeUInt32LE(length, 5)
}

function writeBlockHeader(frame: Buffer, at: number, type: number, size: number, isLast: boolean): number {
  return frame.writeUIntLE(Number(isLast) | (type << 1) | (size << 3), at, BLOCK_HEADER_BYTES)
}
