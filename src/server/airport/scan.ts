import { z } from 'zod'
import {
  type DatasetRef,
  datasetRef,
  encodeSchema,
  emptyDictionaries,
  encodeTicket,
  type Frame,
  isBlankable,
  makeFrame,
  type Schema,
  widenBatch,
  type WideColumn,
} from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { Lake, PinnedDataset } from '../../store/parts.ts'
import type { CallContext } from '../call.ts'
import { readJsonTicket } from '../json-ticket.ts'
import { type OpenRead, type ReadDescription, schemaFrame } from '../read.ts'
import type { Services } from '../services.ts'
import type { Readable, ReadCommand } from '../sql/command.ts'
import { pack } from './messages.ts'
import { rowIdsFrom } from './row-ids.ts'
import { tableIn } from './state.ts'
import { tableSchema } from './tables.ts'

const typeName = 'sterna.airport.Scan'

/** What a ticket of the action `endpoints` asks for. */
const scanSchema = z.strictObject({
  schema: z.string(),
  key: z.string(),
  /** Those that are read, by their place; the others come as nulls. */
  columns: z.array(z.number().int().nonnegative()),
  rowIds: z.boolean(),
  /** A SQL condition, which the gate checks when it is used. */
  where: z.string().optional(),
  transaction: z.string().optional(),
  /** Of the past; now when absent. */
  moment: z
    .union([z.strictObject({ version: z.int().nonnegative() }), z.strictObject({ timestamp: z.string() })])
    .optional(),
})

type Scan = z.infer<typeof scanSchema>

/** @returns a ticket that {@link airportScan} reads */
export function scanTicket(scan: {
  readonly [Name in keyof Scan]: Scan[Name]
}): Uint8Array {
  return encodeTicket({ kind: 'flight-sql', typeName, value: Buffer.from(JSON.stringify(scan)) })
}

/** The rows of a table for DuckDB: with all of its columns, those that it did not ask for as nulls. */
export const airportScan: ReadCommand = {
  typeName,
  read: (value, services, context) => new TableScan(value, decodeScan(value), services, context),
}

function decodeScan(value: Uint8Array): Scan {
  const scan = readJsonTicket(value, scanSchema)
  if (scan !== undefined) return scan
  throw new SternaError('TICKET_MALFORMED', 'The ticket holds no scan that the action "endpoints" gave')
}

function refOf({ schema, key }: Scan): DatasetRef {
  return datasetRef(schema, key, 'TICKET_MALFORMED')
}

class TableScan implements Readable {
  readonly #ticket: Uint8Array
  readonly #scan: Scan
  readonly #services: Services
  readonly #context: CallContext

  constructor(value: Uint8Array, scan: Scan, services: Services, context: CallContext) {
    this.#ticket = encodeTicket({ kind: 'flight-sql', typeName, value })
    this.#scan = scan
    this.#services = services
    this.#context = context
  }

  async describe(): Promise<ReadDescription> {
    const { transaction, moment } = this.#scan
    const table = this.#services.airport.look(transaction, refOf(this.#scan), moment)
    const schemaHeader = encodeSchema(tableSchema(table, moment))
    return { schemaHeader, rows: -1, bytes: -1, isOrdered: true, ticket: this.#ticket }
  }

  async open(): Promise<OpenRead> {
    const { lake, end } = this.#services.airport.open(this.#scan.transaction)
    try {
      const { moment } = this.#scan
      const table = tableIn(lake, refOf(this.#scan), moment)
      const source = this.#isWhole(table) ? this.#whole(table) : await this.#selected(table, lake)
      return { frames: wide(table, tableSchema(table, moment), source, end) }
    } catch (error) {
      end()
      throw error
    }
  }

  /** True where the frames as they are stored are the quickest way to the rows. */
  #isWhole({ id, schema, rollup }: PinnedDataset): boolean {
    const { rowIds, where, columns, moment } = this.#scan
    const { store, airport } = this.#services
    // What a rollup has in its parts is not all of its rows.
    if (rowIds || where !== undefined || rollup !== null) return false
    const ref = refOf(this.#scan)
    if (airport.look(undefined, ref, moment).id !== id) return false
    return new Set(columns).size === schema.fields.length || (moment === undefined && store.isCached(ref))
  }

  #whole({ schema }: PinnedDataset): Source {
    const wanted = new Set(this.#scan.columns)
    const columns = schema.fields.map((field, index) => {
      return { field, source: wanted.has(index) || !isBlankable(field) ? index : null }
    })
    const { store } = this.#services
    return {
      schema,
      columns,
      frames: store.load(refOf(this.#scan), this.#context.signal, this.#scan.moment),
      close: () => undefined,
    }
  }

  async #selected(table: PinnedDataset, lake: Lake): Promise<Source> {
    const { rowIds, where, moment } = this.#scan
    const { fields } = table.schema
    const wanted = new Set(this.#scan.columns)
    const needed = fields.flatMap((field, index) => (wanted.has(index) || !isBlankable(field) ? [index] : []))
    // Rows without any column cannot be selected.
    if (needed.length === 0 && !rowIds) needed.push(0)
    const columns: WideColumn[] = fields.map((field, index) => {
      const place = needed.indexOf(index)
      return { field, source: place === -1 ? null : place }
    })
    const names = needed.map((index) => fields[index]?.name ?? '')
    const range = { columns: names, where, moment, ...(rowIds && { rowIdsFrom: rowIdsFrom(table) }) }
    const { signal } = this.#context
    const blank = fields.filter((_, index) => !needed.includes(index))
    const result = await this.#services.engine.readDataset(refOf(this.#scan), range, { signal, lake })
    const { schema } = result
    const frames = joined(emptyDictionaries(blank), result.frames)
    if (rowIds) columns.push({ field: lastOf(tableSchema(table)), source: needed.length })
    return { schema, columns, frames, close: () => result.close() }
  }
}

/** Rows with their columns, and where these go among those of the table. */
interface Source {
  readonly schema: Schema
  readonly columns: readonly WideColumn[]
  readonly frames: Iterable<Frame> | AsyncIterable<Frame>
  readonly close: () => void
}

/** The frames of a table. Each tells how far it is, as the client reads nothing else there. */
async function* wide(
  table: PinnedDataset,
  { fields, metadata }: Schema,
  source: Source,
  end: () => void,
): AsyncGenerator<Frame> {
  const rest = fields.slice(source.columns.length).map((field) => ({ field, source: null }))
  const columns = [...source.columns, ...rest]
  let rows = 0
  try {
    yield schemaFrame(encodeSchema({ fields, metadata }))
    for await (const frame of source.frames) {
      if (frame.kind === 'dictionary') yield makeFrame(frame.header, frame.body, { kind: frame.kind })
      if (frame.kind !== 'batch') continue
      rows += frame.rows
      const progress = Math.min(rows / Math.max(table.rows, 1), 1)
      yield widenBatch(frame, source.schema, columns, pack({ progress }))
    }
  } finally {
    source.close()
    end()
  }
}

async function* joined(first: readonly Frame[], rest: AsyncIterable<Frame>): AsyncGenerator<Frame> {
  yield* first
  yield* rest
}

function lastOf({ fields }: Schema): Schema['fields'][number] {
  const field = fields.at(-1)
  if (field === undefined) throw new SternaError('BUG', 'A table has no columns')
  return field
}
