import type { Frame } from '../../../flight/frame.ts'
import type { SternaError } from '../../errors.ts'
import type { WriterDictionaries } from './dictionary-state.ts'

/**
 * When a batch is acknowledged: once it is on the disk (`fsync`), or once it is written, while the disk follows every
 * so many milliseconds (`interval`) or whenever the operating system likes (`none`).
 */
export const DURABILITIES = ['fsync', 'interval', 'none'] as const

export type Durability = (typeof DURABILITIES)[number]

/** What became of a batch. */
export interface Stored {
  /** Its place among all batches of the dataset, from 1; of a repeated one, the first's. */
  readonly sequence: number
  readonly rows: number
  /** True where it was stored before under the same id, and not again. */
  readonly isRepeated: boolean
}

/** A batch to be appended. */
export interface Append {
  /** As it came, for the record. */
  readonly frame: Frame
  /** The same rows in frames of the size that readers want. */
  readonly pieces: readonly Frame[]
  /** What its writer had sent of dictionaries before it. */
  readonly dictionaries: WriterDictionaries['current']
  /** Its writer's name for it. */
  readonly id: string | null
  readonly durability: Durability
  /** Called once, in the order of the batches of one writer but for repeated ones. */
  readonly done: (outcome: Stored | SternaError) => void
}
