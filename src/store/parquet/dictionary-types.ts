import type { ArrowType, Field } from '../../../flight/ipc/schema.ts'

/** Values, one after the other: what a dictionary is made of, in a form that crosses threads. */
export interface ValueList {
  readonly type: ArrowType
  /** Where each value ends in `bytes`; it starts where the one before it ends. */
  readonly ends: Uint32Array
  readonly bytes: Uint8Array
  /** The positions of those that are null, ascending: only a dictionary as it was put has any. */
  readonly nulls: Uint32Array
}

/** A dictionary-encoded column of a batch. */
export interface DictionaryColumn {
  readonly id: bigint
  readonly values: ValueList
  /** The values are the dictionary as it was put, which must not be changed. */
  readonly isKnown: boolean
  /** Where in the body its indices are, how many, and of how many bytes each. */
  readonly codes: { readonly offset: number; readonly count: number; readonly width: number }
}

/** A dictionary as it was put, at one stage of its growing by deltas. */
export interface KnownDictionary {
  /** Its values in their order: the same list until another stage is asked for its own. */
  readonly values: ValueList
  /** Where a value is first, or `UNKNOWN`. */
  find(bytes: Uint8Array, start: number, end: number): number
  /** Where a value is that is first at `first`, after so many equal ones. */
  repeatOf(first: number, occurrence: number): number | undefined
}

/** The dictionaries that some rows were put with, by id. */
export type KnownDictionaries = ReadonlyMap<bigint, KnownDictionary>

/** What the metadata of a part says of the dictionary-encoded columns of some rows. */
export interface KnownRows {
  readonly dictionaries: KnownDictionaries
  /** The occurrences that the values of a column name, as `Occurrences` count them; null where they all name the first. */
  readonly occurrencesOf: (field: Field) => Uint32Array | null
}
