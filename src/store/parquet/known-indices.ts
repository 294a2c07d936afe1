import type { KnownDictionary } from './dictionary-types.ts'
import { UNKNOWN } from './known-dictionary.ts'

/** Rows of a dictionary-encoded column as the part has them. */
interface CodedRows {
  /** Positions among the part's values; anything where a row is null. */
  readonly codes: Uint32Array
  readonly isValid: (row: number) => boolean
}

/**
 * The indices that rows were put with.
 *
 * @param mapping - from codes to where a value is first in the dictionary, or {@link UNKNOWN}
 * @param occurrences - of each row, as `Occurrences` count them; null where all are 0
 * @returns 0 as the index of a null, and the validity of the rows where the part's is not theirs, since some of its
 * nulls are in the dictionary; null where the dictionary is not that of the rows
 */
export function findIndices(
  known: KnownDictionary,
  mapping: Uint32Array,
  { codes, isValid }: CodedRows,
  occurrences: Uint32Array | null,
): { readonly codes: Uint32Array; readonly validity: Uint8Array | null } | null {
  if (occurrences !== null && occurrences.length !== codes.length) return null
  const indices = new Uint32Array(codes.length)
  const { nulls } = known.values
  const hasNulls = occurrences !== null && nulls.length > 0
  const validity = hasNulls ? new Uint8Array((codes.length + 7) >> 3) : null
  for (let row = 0; row < codes.length; row++) {
    const occurrence = occurrences?.[row] ?? 0
    let index: number | undefined
    if (isValid(row)) {
      index = mapping[codes[row] ?? 0] ?? UNKNOWN
      if (occurrence > 0) index = known.repeatOf(index, occurrence)
    } else if (occurrence === 0) continue
    else index = nulls[occurrence - 1]
    if (index === undefined || index === UNKNOWN) return null
    indices[row] = index
    if (validity !== null) validity[row >> 3] = (validity[row >> 3] ?? 0) | (1 << (row & 7))
  }
  return { codes: indices, validity }
}
