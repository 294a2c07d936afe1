import { type Data, tableFromIPC } from 'apache-arrow'
import { type Frame, parseSchema, type Schema, typeName, writeIpcStream } from '../../flight/index.ts'
import { formatCell } from './cells.ts'
import { Dictionaries } from '../../flight/dictionaries.ts'
import { countOf } from './progress.ts'
import { type Column, printable, renderTable } from './table.ts'

/** Rows `[start, end)` of a batch, with the dictionaries as they were when it came. */
interface HeldRows {
  readonly frame: Frame
  readonly dictionaries: readonly Frame[]
  readonly start: number
  readonly end: number
}

/** The first and the last rows of a stream, however long that is: what lies between is counted and let go. */
export class Preview {
  readonly #schemaFrame: Frame
  readonly #schema: Schema
  readonly #headRowsMax: number
  readonly #tailRowsMax: number
  readonly #dictionaries = new Dictionaries()
  readonly #head: HeldRows[] = []
  #tail: HeldRows[] = []
  #rows = 0

  /** @param rowsMax - how many rows to show, half of them the last */
  constructor(schemaFrame: Frame, rowsMax: number) {
    this.#schemaFrame = schemaFrame
    this.#schema = parseSchema(schemaFrame.header)
    this.#headRowsMax = Math.ceil(rowsMax / 2)
    this.#tailRowsMax = Math.floor(rowsMax / 2)
  }

  /** Takes the next frame of the stream; a batch is kept only while its rows may be shown. */
  add(frame: Frame): void {
    if (frame.kind === 'dictionary') this.#dictionaries.add(frame)
    if (frame.kind !== 'batch' || frame.rows === 0) return
    const dictionaries = this.#dictionaries.inForce()
    const headRows = Math.max(0, Math.min(frame.rows, this.#headRowsMax - this.#rows))
    if (headRows > 0) this.#head.push({ frame, dictionaries, start: 0, end: headRows })
    if (headRows < frame.rows) this.#tail.push({ frame, dictionaries, start: headRows, end: frame.rows })
    this.#tail = lastRows(this.#tail, this.#tailRowsMax)
    this.#rows += frame.rows
  }

  /**
   * The table, and under it how many rows and columns there are.
   *
   * @param widthMax - columns of the terminal
   */
  async render(widthMax: number): Promise<string[]> {
    const { fields } = this.#schema
    const rows: (readonly string[] | null)[] = []
    for (const held of this.#head) rows.push(...(await this.#rowsOf(held)))
    if (isPlan(this.#schema))
      return rows.flatMap((row) => row?.[1]?.trimEnd().split('\n') ?? []).map(printable)
    const hidden = this.#rows - rowCountOf(this.#head) - rowCountOf(this.#tail)
    if (hidden > 0) rows.push(null)
    for (const held of this.#tail) rows.push(...(await this.#rowsOf(held)))
    const columns = fields.map((field): Column => {
      const { kind } = field.type
      return {
        name: field.name,
        type: typeName(field),
        alignRight: kind === 'int' || kind === 'float' || kind === 'decimal',
      }
    })
    const shown = hidden > 0 ? ` (${(this.#rows - hidden).toLocaleString('en-US')} shown)` : ''
    const summary = `${countOf(this.#rows, 'row')}${shown}, ${countOf(fields.length, 'column')}`
    return [...(columns.length === 0 ? [] : renderTable(columns, rows, widthMax)), summary]
  }

  async #rowsOf({ frame, dictionaries, start, end }: HeldRows): Promise<string[][]> {
    const chunks: Uint8Array[] = []
    for await (const chunk of writeIpcStream([this.#schemaFrame, ...dictionaries, frame])) chunks.push(chunk)
    const columns: readonly Data[] = tableFromIPC(Buffer.concat(chunks)).batches[0]?.data.children ?? []
    return Array.from({ length: end - start }, (_, index) =>
      columns.map((column) => formatCell(column, start + index)),
    )
  }
}

/** The two columns of EXPLAIN: a plan is a drawing of many lines, which no cell can hold. */
function isPlan({ fields }: Schema): boolean {
  return fields.map(({ name }) => name).join() === 'explain_key,explain_value'
}

/** The last `count` rows of those held. */
function lastRows(held: readonly HeldRows[], count: number): HeldRows[] {
  let surplus = rowCountOf(held) - count
  return held.flatMap((rows) => {
    const skipped = Math.max(0, Math.min(surplus, rows.end - rows.start))
    surplus -= skipped
    const start = rows.start + skipped
    return start < rows.end ? [{ ...rows, start }] : []
  })
}

function rowCountOf(held: readonly HeldRows[]): number {
  return held.reduce((sum, { start, end }) => sum + end - start, 0)
}
