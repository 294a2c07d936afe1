import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Frame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import type { FrameRows, SelectedRows } from '../parts.ts'
import { FrameColumn, type FoundRows, intersection, type ValueRange } from './frame-column.ts'

/** Rows of a column that are looked at in one turn of the event loop: 3 ms. */
const TURN_ROWS_MAX = 512 * 1024

/** Where wanted rows have the value of one column: in one of the ranges. */
export interface ColumnRanges {
  /** The place of the field, of whole numbers or instants. */
  readonly column: number
  readonly ranges: readonly ValueRange[]
}

/** A column of a list of frames, by their places; null where nothing is known of one. */
type Columns = readonly (FrameColumn | null)[]

/**
 * Finds the rows of frames in memory that a condition wants: by the bounds of a column in each frame and, where they
 * are in order, by the values in it. A column is looked at when it is first asked for; what was found goes with the
 * frames.
 */
export class FrameIndex {
  readonly #byFrame = new WeakMap<Frame, Map<number, FrameColumn | null>>()
  readonly #byList = new WeakMap<readonly Frame[], Map<number, Columns>>()
  #isReading = false

  /**
   * All dictionaries, and of the batches the rows that can meet all conditions; where a batch cannot be cut, all of it.
   *
   * @returns undefined where nobody has looked yet: somebody does then
   */
  select(
    frames: readonly Frame[],
    schema: Schema,
    conditions: readonly ColumnRanges[],
  ): SelectedRows | undefined {
    const known = conditions.flatMap(({ column, ranges }) => {
      const columns = this.#columnsOf(frames, schema, column)
      return columns === undefined ? [] : [{ columns, ranges }]
    })
    if (known.length === 0) return undefined
    const selected: FrameRows[] = []
    let isExact = known.length === conditions.length
    for (const [index, frame] of frames.entries()) {
      if (known.some(({ columns, ranges }) => columns[index]?.mayMeet(ranges) === false)) continue
      let rows: FoundRows = { spans: [{ start: 0, end: frame.rows }], isExact: true }
      for (const { columns, ranges } of frame.kind === 'batch' ? known : []) {
        const found = columns[index]?.find(ranges) ?? { ...rows, isExact: false }
        rows = intersection(rows, found)
      }
      isExact &&= rows.isExact || rows.spans.length === 0
      for (const span of rows.spans) selected.push({ frame, ...span })
    }
    return { selected, isExact }
  }

  #columnsOf(frames: readonly Frame[], schema: Schema, column: number): Columns | undefined {
    const known = this.#byList.get(frames)?.get(column)
    if (known !== undefined) return known
    const isRead = (frame: Frame): boolean => this.#byFrame.get(frame)?.has(column) === true
    const unread = frames.filter((frame) => frame.kind === 'batch' && !isRead(frame))
    if (unread.reduce((sum, frame) => sum + frame.rows, 0) > TURN_ROWS_MAX) {
      if (!this.#isReading) void this.#readSlowly(unread, schema, column)
      return undefined
    }
    for (const frame of unread) this.#read(frame, schema, column)
    const columns = frames.map((frame) => this.#byFrame.get(frame)?.get(column) ?? null)
    const ofList = this.#byList.get(frames) ?? new Map<number, Columns>()
    this.#byList.set(frames, ofList.set(column, columns))
    return columns
  }

  /** One column at a time, so that others get their turn: who asks for another asks again. */
  async #readSlowly(frames: readonly Frame[], schema: Schema, column: number): Promise<void> {
    this.#isReading = true
    let rows = 0
    for (const frame of frames) {
      rows += frame.rows
      if (rows > TURN_ROWS_MAX) {
        await nextTurn()
        rows = frame.rows
      }
      this.#read(frame, schema, column)
    }
    this.#isReading = false
  }

  #read(frame: Frame, schema: Schema, column: number): void {
    const columns = this.#byFrame.get(frame) ?? new Map<number, FrameColumn | null>()
    this.#byFrame.set(frame, columns.set(column, FrameColumn.read(frame, schema, column)))
  }
}
