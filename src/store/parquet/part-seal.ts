import { crc32 } from 'node:zlib'

import type { DiskFile } from '../disk/disk.ts'
import { eachPiece, PIECE_BYTES } from '../disk/pieces.ts'

/**
 * Bytes that one checksum is for. What is read is checked in whole blocks, so a smaller one reads less too much
 * and a larger one keeps the table short: 4 bytes per 64 KiB are 0.006 %.
 */
const BLOCK_BYTES = 64 * 1024
const MAGIC = Buffer.from('STRNSEAL', 'latin1')
/** Block bytes, block count, checksum of the footer, checksum of the table and of these three; the magic. */
const TRAILER_BYTES = 4 * 4 + MAGIC.byteLength
const NOTES_MAGIC = Buffer.from('STRNNOTE', 'latin1')
/** Bytes of the notes, checksum of them; the magic. */
const NOTES_TRAILER_BYTES = 2 * 4 + NOTES_MAGIC.byteLength
/** Footer length and magic, at the end of every Parquet file. */
const PARQUET_TAIL_BYTES = 8

/** The checksums of a sealed part. */
export interface PartSeal {
  readonly blockBytes: number
  /** Where the bytes that the blocks cover end. */
  readonly dataBytes: number
  /** CRC-32 of each block, the last of which may be short. */
  readonly blockChecksums: readonly number[]
}

/** What stands at the end of a part. */
export interface PartTail {
  /** The footer with its length and magic. */
  readonly footer: Buffer
  readonly footerStart: number
  /** Null where the file was written by another program. */
  readonly seal: PartSeal | null
}

/** Thrown where the bytes of a file are not those that were written; says which. */
export class PartDamage extends Error {
  override readonly name = 'PartDamage'
}

/**
 * Writes checksums of all bytes into a finished Parquet file, between its data and its footer, where every Parquet
 * reader passes over them: positions in a footer count from the start of the file. Without them a changed byte in
 * a data page mostly goes unnoticed: DuckDB writes no page checksums, and of 12 flipped bytes parquet-wasm refused 1.
 *
 * For a file that nobody reads yet; durable after `file.sync()`. A sealed one stays as it is.
 *
 * @param file - open for reading and writing; stays open.
 * @param notes - bytes to be kept behind the data, for {@link readPartNotes}
 * @throws {@link PartDamage} where the file does not end as Parquet does.
 */
export async function sealPart(file: DiskFile, notes: Uint8Array | null = null): Promise<void> {
  const tail = await readPartTail((target, position) => file.read(target, position), await file.size())
  if (tail.seal !== null) return
  let end = tail.footerStart
  if (notes !== null) {
    const chunks = [notes, encodeNotesTrailer(notes)]
    await file.write(chunks, end)
    for (const { byteLength } of chunks) end += byteLength
  }
  const checksums: number[] = []
  const chunk = Buffer.allocUnsafe(PIECE_BYTES)
  for (let start = 0; start < end; start += PIECE_BYTES) {
    const bytes = chunk.subarray(0, Math.min(PIECE_BYTES, end - start))
    if ((await file.read(bytes, start)) !== bytes.byteLength)
      throw new PartDamage('it became shorter while it was read')
    for (let at = 0; at < bytes.byteLength; at += BLOCK_BYTES) {
      checksums.push(crc32(bytes.subarray(at, at + BLOCK_BYTES)))
    }
  }
  await file.write([encodeSeal(checksums, crc32(tail.footer)), tail.footer], end)
}

/**
 * Reads and checks the end of a part.
 *
 * @param read - fills its target from a position, and returns how many bytes there were.
 * @throws {@link PartDamage} where it is no end of a Parquet file, or not what was sealed.
 */
export async function readPartTail(
  read: (target: Buffer, position: number) => Promise<number> | number,
  fileBytes: number,
): Promise<PartTail> {
  const readAt = async (start: number, length: number): Promise<Buffer> => {
    const bytes = Buffer.allocUnsafe(length)
    if ((await read(bytes, start)) !== length) throw new PartDamage('it ends too early')
    return bytes
  }
  if (fileBytes < 2 * PARQUET_TAIL_BYTES) throw new PartDamage(`it has only ${fileBytes} bytes`)
  const tail = await readAt(fileBytes - PARQUET_TAIL_BYTES, PARQUET_TAIL_BYTES)
  const footerStart = fileBytes - PARQUET_TAIL_BYTES - tail.readUInt32LE(0)
  if (tail.toString('latin1', 4) !== 'PAR1' || footerStart < 4)
    throw new PartDamage('it does not end as Parquet does')
  const footer = await readAt(footerStart, fileBytes - footerStart)
  if (footerStart < TRAILER_BYTES) return { footer, footerStart, seal: null }
  const trailer = await readAt(footerStart - TRAILER_BYTES, TRAILER_BYTES)
  if (!trailer.subarray(16).equals(MAGIC)) return { footer, footerStart, seal: null }
  const blockBytes = trailer.readUInt32LE(0)
  const tableBytes = trailer.readUInt32LE(4) * 4
  const dataBytes = footerStart - TRAILER_BYTES - tableBytes
  if (dataBytes < 0) throw new PartDamage('its checksums are damaged')
  const table = await readAt(dataBytes, tableBytes)
  if (crc32(trailer.subarray(0, 12), crc32(table)) !== trailer.readUInt32LE(12)) {
    throw new PartDamage('its checksums are damaged')
  }
  if (crc32(footer) !== trailer.readUInt32LE(8)) throw new PartDamage('its footer is damaged')
  const blockChecksums = Array.from({ length: tableBytes / 4 }, (_, index) => table.readUInt32LE(index * 4))
  return { footer, footerStart, seal: { blockBytes, dataBytes, blockChecksums } }
}

/**
 * Reads the notes of a sealed part.
 *
 * @returns null where it has none
 * @throws {@link PartDamage} where they are not what was written
 */
export async function readPartNotes(file: DiskFile): Promise<Buffer | null> {
  const { seal } = await readPartTail((target, position) => file.read(target, position), await file.size())
  if (seal === null || seal.dataBytes < NOTES_TRAILER_BYTES) return null
  const trailer = Buffer.alloc(NOTES_TRAILER_BYTES)
  const trailerStart = seal.dataBytes - NOTES_TRAILER_BYTES
  await file.read(trailer, trailerStart)
  if (!trailer.subarray(8).equals(NOTES_MAGIC)) return null
  const length = trailer.readUInt32LE(0)
  const notes = Buffer.alloc(Math.min(length, trailerStart))
  await file.read(notes, trailerStart - notes.byteLength)
  if (notes.byteLength !== length || crc32(notes) !== trailer.readUInt32LE(4)) {
    throw new PartDamage('its notes are damaged')
  }
  return notes
}

function encodeNotesTrailer(notes: Uint8Array): Buffer {
  const trailer = Buffer.alloc(NOTES_TRAILER_BYTES)
  trailer.writeUInt32LE(notes.byteLength, 0)
  trailer.writeUInt32LE(crc32(notes), 4)
  NOTES_MAGIC.copy(trailer, 8)
  return trailer
}

/**
 * Checks whole blocks of a sealed part.
 *
 * @param bytes - of the file from `start` on, which is the start of a block; to the end of a block or of the data.
 * @throws {@link PartDamage} on the first block that differs.
 */
export function checkBlocks(seal: PartSeal, bytes: Uint8Array, start: number): void {
  for (let at = 0; at < bytes.byteLength; at += seal.blockBytes) {
    const index = (start + at) / seal.blockBytes
    if (crc32(bytes.subarray(at, at + seal.blockBytes)) !== seal.blockChecksums[index]) {
      throw new PartDamage(`its bytes from ${start + at} on are not those that were written`)
    }
  }
}

/**
 * Reads a part from its first byte to its last and compares it with its checksums.
 *
 * @returns null where it has none
 * @throws {@link PartDamage} where it is not what was written
 */
export async function checkSeal(file: DiskFile, signal: AbortSignal): Promise<PartSeal | null> {
  const { seal } = await readPartTail((target, position) => file.read(target, position), await file.size())
  if (seal === null) return null
  await eachPiece(file, seal.dataBytes, signal, (piece, start) => {
    if (piece.byteLength < Math.min(PIECE_BYTES, seal.dataBytes - start)) {
      throw new PartDamage('it ends too early')
    }
    checkBlocks(seal, piece, start)
  })
  return seal
}

function encodeSeal(checksums: readonly number[], footerChecksum: number): Buffer {
  const seal = Buffer.alloc(checksums.length * 4 + TRAILER_BYTES)
  const at = checksums.length * 4
  checksums.forEach((checksum, index) => seal.writeUInt32LE(checksum, index * 4))
  seal.writeUInt32LE(BLOCK_BYTES, at)
  seal.writeUInt32LE(checksums.length, at + 4)
  seal.writeUInt32LE(footerChecksum, at + 8)
  seal.writeUInt32LE(crc32(seal.subarray(at, at + 12), crc32(seal.subarray(0, at))), at + 12)
  MAGIC.copy(seal, at + 16)
  return seal
}
