import { deflateRawSync, inflateRawSync } from 'node:zlib'
import type { ColumnStats } from './parts.ts'

/**
 * What the catalog says of the columns of a part, as bytes that stand in the part itself: a catalog that is made again
 * from the parts leaves out as many of them as the one before.
 */
export function encodeNotes(columns: readonly ColumnStats[]): Uint8Array {
  const stored = columns.map(({ filter, ...column }) => ({
    ...column,
    ...(filter && { filter: Buffer.from(filter).toString('base64') }),
  }))
  return deflateRawSync(JSON.stringify(stored))
}

/** The inverse of {@link encodeNotes}, of bytes whose checksum is right. */
export function decodeNotes(notes: Uint8Array): ColumnStats[] {
  const stored = JSON.parse(inflateRawSync(notes).toString()) as (Omit<ColumnStats, 'filter'> & {
    readonly filter?: string
  })[]
  return stored.map(({ filter, ...column }) => ({
    ...column,
    ...(filter !== undefined && { filter: Buffer.from(filter, 'base64') }),
  }))
}
