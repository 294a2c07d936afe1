import type { Frame } from '../../../flight/frame.ts'
import type { Field, Schema } from '../../../flight/ipc/schema.ts'
import type { ArrowArray } from '../from-arrow/arrow-array.ts'
import { readBatches } from '../from-arrow/batches.ts'
import { isSet } from '../from-arrow/bitmap.ts'
import { storageOf } from '../storage-types.ts'

/** The earliest time in a column of frames, µs since 1970, rounded down; infinite without any. */
export interface Earliest {
  readonly minUs: number
  readonly hasNulls: boolean
}

/** What was found of a frame, by its column: frames of a log never change, and each read of a rollup asks for them. */
const known = new WeakMap<Frame, Map<string, Earliest>>()

/**
 * The earliest time in a column. Each frame is looked at once, about 1 ms per 1M rows.
 *
 * @param name - of a date or timestamp column that is not dictionary-encoded
 * @throws IPC_MALFORMED
 */
export function earliestOf(schema: Schema, name: string, frames: readonly Frame[]): Earliest {
  const index = schema.fields.findIndex((field) => field.name === name)
  let [minUs, hasNulls] = [Infinity, false]
  for (const frame of frames) {
    if (frame.kind !== 'batch') continue
    const found = known.get(frame)?.get(name) ?? lookAt(schema, index, frame)
    const ofFrame = known.get(frame) ?? new Map<string, Earliest>()
    known.set(frame, ofFrame.set(name, found))
    minUs = Math.min(minUs, found.minUs)
    hasNulls ||= found.hasNulls
  }
  return { minUs, hasNulls }
}

function lookAt(schema: Schema, index: number, frame: Frame): Earliest {
  // Its dictionaries are of other columns.
  const [batch] = readBatches(schema, storageOf(schema), [frame])
  const array = batch?.columns[index]
  const field = schema.fields[index]
  if (array === undefined || field === undefined) return { minUs: -Infinity, hasNulls: true }
  const smallest = smallestOf(array, field.type.kind === 'date' && field.type.unit === 'day' ? 4 : 8)
  const minUs = smallest === null ? Infinity : toUs(field, smallest)
  return { minUs, hasNulls: array.validity !== null }
}

/** The smallest valid integer; null without any. */
function smallestOf({ length, validity, buffers }: ArrowArray, width: 4 | 8): bigint | null {
  const [bytes] = buffers
  if (bytes === undefined) return null
  const words = wordsOf(bytes)
  const [step, top] = width === 8 ? [2, 1] : [1, 0]
  let isFound = false
  // In two halves: a BigInt for each value would take ten times as long.
  let [high, low] = [0, 0]
  for (let index = 0; index < length; index += 1) {
    if (validity !== null && !isSet(validity, index)) continue
    const nextHigh = words[step * index + top] ?? 0
    if (isFound && nextHigh > high) continue
    const nextLow = width === 8 ? (words[2 * index] ?? 0) >>> 0 : 0
    if (isFound && nextHigh === high && nextLow >= low) continue
    ;[isFound, high, low] = [true, nextHigh, nextLow]
  }
  if (!isFound) return null
  return width === 8 ? (BigInt(high) << 32n) + BigInt(low) : BigInt(high)
}

function wordsOf(bytes: Uint8Array): Int32Array {
  const aligned = bytes.byteOffset % 4 === 0 ? bytes : new Uint8Array(bytes)
  return new Int32Array(aligned.buffer, aligned.byteOffset, Math.floor(aligned.byteLength / 4))
}

const US_PER = { s: 1_000_000n, ms: 1000n, us: 1n, day: 86_400_000_000n } as const

function toUs({ type }: Field, value: bigint): number {
  if (type.kind !== 'timestamp' && type.kind !== 'date') return -Infinity
  if (type.unit === 'ns') return Number((value - (((value % 1000n) + 1000n) % 1000n)) / 1000n)
  const us = Number(value * US_PER[type.unit])
  // Beyond that a number is not exact, and DuckDB's infinity is there.
  return Number.isSafeInteger(us) ? us : us > 0 ? Number.MAX_SAFE_INTEGER : -Infinity
}
