import type { ArrowType } from '../../../flight/ipc/schema.ts'

/** Values without nulls, one after the other: what a dictionary is made of, in a form that crosses threads. */
export interface ValueList {
  readonly type: ArrowType
  /** Where each value ends in `bytes`; it starts where the one before it ends. */
  readonly ends: Uint32Array
  readonly bytes: Uint8Array
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

/** A dictionary as it was put: its values in their order, and where each is. */
export interface KnownDictionary {
  readonly values: ValueList
  readonly indices: ReadonlyMap<string, number>
}

/** The dictionaries that some rows were put with, by id. */
export type KnownDictionaries = ReadonlyMap<bigint, KnownDictionary>
