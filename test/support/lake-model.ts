/** What a dataset may be seen as at any moment, told beforehand: the plain model that a real server is held against. */
import assert from 'node:assert/strict'
import { BATCH_ROWS } from './append-load.ts'

/** The number of each batch in order, or null where there is no dataset. */
type Content = readonly number[] | null

/** One dataset and all that it ever was. */
export class ModelDataset {
  readonly key: string
  #states: Content[] = [null]
  /** The last state that was acknowledged: no reader that begins now may see an older one. */
  #acknowledged = 0

  constructor(key: string) {
    this.key = key
  }

  /** The newest state. */
  get content(): Content {
    return this.#states.at(-1) ?? null
  }

  /** To be called before a change is asked for: from then on it may be seen. @returns what acknowledges it */
  change(content: Content): () => void {
    const index = this.#states.push(content) - 1
    return () => {
      this.#acknowledged = Math.max(this.#acknowledged, index)
    }
  }

  /** To be called before a read. @returns the check of what it has seen */
  read(): (numbers: readonly number[] | null, how: string) => void {
    const from = this.#acknowledged
    return (numbers, how) => {
      const seen = numbers === null ? null : batchesOf(numbers)
      const allowed = this.#states.slice(from)
      const isAllowed = allowed.some((state) => JSON.stringify(state) === JSON.stringify(seen))
      assert.ok(
        isAllowed,
        `${how} of ${this.key}: ${JSON.stringify(seen)} is none of ${JSON.stringify(allowed)}`,
      )
    }
  }
}

/** The batches that the rows are of, each whole. */
function batchesOf(numbers: readonly number[]): number[] {
  const batches: number[] = []
  for (let row = 0; row < numbers.length; row += BATCH_ROWS) {
    const batch = numbers.slice(row, row + BATCH_ROWS)
    assert.deepEqual(
      batch,
      Array<number | undefined>(BATCH_ROWS).fill(batch[0]),
      `half a batch at row ${row}`,
    )
    batches.push(batch[0] ?? Number.NaN)
  }
  return batches
}
