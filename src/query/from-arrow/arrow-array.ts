import { SternaError } from '../../errors.ts'
import type { Storage } from '../storage-types.ts'
import type { Mask } from './bitmap.ts'
import type { StoreBytes } from './text-words.ts'

/**
 * One column, or one child of a column, of a record batch. Its buffers are views of the frame's body, each as
 * large as its values need; what their offsets and indices say is not trusted before it is used.
 */
export interface ArrowArray {
  readonly storage: Storage
  readonly length: number
  /** One bit per value, from the first; null where all are valid. */
  readonly validity: Uint8Array | null
  /** The buffers after the validity, as Arrow lays them out for the type; the indices of a dictionary. */
  readonly buffers: readonly Uint8Array[]
  /** Empty where it is dictionary-encoded. */
  readonly children: readonly ArrowArray[]
  readonly dictionary: DictionaryValues | null
}

/** A record batch, column by column. */
export interface ArrowBatch {
  readonly rows: number
  readonly columns: readonly ArrowArray[]
}

/** The values that indices stand for. */
export interface DictionaryValues {
  readonly length: number
  readonly hasNulls: boolean
  isNull(index: number): boolean
  /** Writes the values of a fixed width at `indices`, which are all inside, to `target` from its start. */
  gatherFixed(indices: Uint32Array, target: Uint8Array): void
  /** Writes the words of the texts at `indices`, which are all inside; those of nulls are left as they are. */
  gatherText(indices: Uint32Array, words: Uint32Array, mask: Mask, store: StoreBytes): void
}

export function malformed(storage: Storage, problem: string): SternaError {
  return new SternaError('IPC_MALFORMED', `Column '${storage.path}' ${problem}`)
}
