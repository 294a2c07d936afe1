import type { Field, Schema } from '../../../flight/ipc/schema.ts'
import {
  type Occurrences,
  type PackedOccurrences,
  parseOccurrences,
  PART_OCCURRENCES_KEY,
  unpackOccurrences,
} from '../occurrences.ts'
import { PartDamage } from './part-seal.ts'

/** Which places of their dictionaries the values of a part named, where the values do not say it. */
export class PartOccurrences {
  readonly #columns: ReadonlyMap<Field, number>
  readonly #runs: readonly PackedOccurrences[]
  /** By column, the run that was asked for last. */
  readonly #unpacked = new Map<number, { readonly packed: PackedOccurrences; readonly run: Occurrences }>()

  private constructor(columns: ReadonlyMap<Field, number>, runs: readonly PackedOccurrences[]) {
    this.#columns = columns
    this.#runs = runs
  }

  /**
   * @param metadata - of the part
   * @throws {@link PartDamage} where they are none.
   */
  static of(metadata: ReadonlyMap<string, string>, schema: Schema | null): PartOccurrences {
    const text = metadata.get(PART_OCCURRENCES_KEY)
    if (text === undefined || schema === null) return new PartOccurrences(new Map(), [])
    const columns = new Map<Field, number>()
    const visit = (field: Field): void => {
      if (field.dictionary === null) field.children.forEach(visit)
      else columns.set(field, columns.size)
    }
    schema.fields.forEach(visit)
    try {
      return new PartOccurrences(columns, parseOccurrences(text))
    } catch {
      throw damaged()
    }
  }

  /** The row after `row` at which a run begins or ends: Infinity where none follows. */
  end(row: number): number {
    let end = Infinity
    for (const run of this.#runs) {
      for (const bound of [run.row, run.row + run.rows]) if (bound > row && bound < end) end = bound
    }
    return end
  }

  /**
   * The occurrences of the values of a column in rows up to the next {@link PartOccurrences.end}.
   *
   * @returns null where all name the first
   * @throws {@link PartDamage}
   */
  of(field: Field, row: number, rows: number): Uint32Array | null {
    const column = this.#columns.get(field)
    const packed = this.#runs.find(
      (run) => run.column === column && run.row <= row && row < run.row + run.rows,
    )
    if (packed === undefined) return null
    const { lengths, numbers } = this.#unpack(packed)
    const first = row - packed.row
    if (lengths === null) return numbers.subarray(first, first + rows)
    const start = sum(lengths.subarray(0, first))
    return numbers.subarray(start, start + sum(lengths.subarray(first, first + rows)))
  }

  #unpack(packed: PackedOccurrences): Occurrences {
    const last = this.#unpacked.get(packed.column)
    if (last?.packed === packed) return last.run
    try {
      const run = unpackOccurrences(packed)
      this.#unpacked.set(packed.column, { packed, run })
      return run
    } catch {
      throw damaged()
    }
  }
}

function sum(numbers: Uint32Array): number {
  return numbers.reduce((total, number) => total + number, 0)
}

function damaged(): PartDamage {
  return new PartDamage('what it says of its dictionaries is damaged')
}
