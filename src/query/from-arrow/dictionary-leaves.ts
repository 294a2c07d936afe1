import type { ArrowArray, ArrowBatch } from './arrow-array.ts'
import { isSet } from './bitmap.ts'
import { listStarts } from './vector-writer.ts'

/** In places: a null that has no value behind it, since what it is in is null. */
export const NO_PLACE = -1

/** A dictionary-encoded column of a batch, or one inside of a column. */
export interface DictionaryLeaf {
  readonly array: ArrowArray
  /** For each value that Parquet keeps, in its order, where in the array it is, or {@link NO_PLACE}. */
  readonly places: Int32Array
  /** How many of these each row has; null where it is one. */
  readonly lengths: Uint32Array | null
}

interface Level {
  readonly places: Int32Array
  /** The row of each place; null where that is the place's own position. */
  readonly rows: Uint32Array | null
}

/**
 * The dictionary-encoded columns of a batch, depth first, as Parquet has their values: nothing of a null list, and a
 * null for what is in a null struct, or in a null list of a fixed size.
 *
 * @returns null for those with more than `valuesMax` values
 */
export function dictionaryLeaves(batch: ArrowBatch, valuesMax: number): (DictionaryLeaf | null)[] {
  const leaves: (DictionaryLeaf | null)[] = []
  const visit = (array: ArrowArray, level: Level | null): void => {
    if (array.storage.field.dictionary !== null) {
      leaves.push(
        level === null ? null : { array, places: level.places, lengths: lengthsOf(level, batch.rows) },
      )
    } else {
      const inner = array.children.length === 0 || level === null ? null : levelBelow(array, level, valuesMax)
      for (const child of array.children) visit(child, inner)
    }
  }
  const top = batch.rows > valuesMax ? null : { places: rowPlaces(batch.rows), rows: null }
  for (const column of batch.columns) visit(column, top)
  return leaves
}

function rowPlaces(rows: number): Int32Array {
  const places = new Int32Array(rows)
  for (let row = 0; row < rows; row++) places[row] = row
  return places
}

function lengthsOf({ rows }: Level, count: number): Uint32Array | null {
  if (rows === null) return null
  const lengths = new Uint32Array(count)
  for (const row of rows) lengths[row] = (lengths[row] ?? 0) + 1
  return lengths
}

function levelBelow(array: ArrowArray, level: Level, valuesMax: number): Level | null {
  const { layout } = array.storage
  if (layout.kind === 'struct') {
    return {
      places: level.places.map((place) => (isNull(array, place) ? NO_PLACE : place)),
      rows: level.rows,
    }
  }
  const [child] = array.children
  if (child === undefined) return null
  const starts = listStarts(array, child, 0, array.length)
  const nullLength = layout.kind === 'fixedList' ? layout.listSize : 0
  const lengthAt = (place: number): number =>
    isNull(array, place) ? nullLength : (starts[place + 1] ?? 0) - (starts[place] ?? 0)
  const count = level.places.reduce((sum, place) => sum + lengthAt(place), 0)
  if (count > valuesMax) return null
  const places = new Int32Array(count)
  const rows = new Uint32Array(count)
  let end = 0
  level.places.forEach((place, position) => {
    const start = isNull(array, place) ? NO_PLACE : (starts[place] ?? 0)
    const length = lengthAt(place)
    rows.fill(level.rows?.[position] ?? position, end, end + length)
    for (let i = 0; i < length; i++) places[end + i] = start === NO_PLACE ? NO_PLACE : start + i
    end += length
  })
  return { places, rows }
}

function isNull({ validity }: ArrowArray, place: number): boolean {
  return place === NO_PLACE || (validity !== null && !isSet(validity, place))
}
