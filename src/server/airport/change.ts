import { type DatasetRef, type Frame, type Schema } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { ROW_ID } from '../../query/dataset-query.ts'
import type { QueryResult } from '../../query/engine.ts'
import type { ChangedDataset } from '../../query/write/apply-changes.ts'
import { changePlaces, rowsAt } from '../../query/write/placed-changes.ts'
import { assertRowIds } from '../../query/write/row-ids.ts'
import type { PinnedDataset } from '../../store/parts.ts'
import type { CallContext } from '../call.ts'
import { within } from '../client-rows.ts'
import type { Services } from '../services.ts'
import type { RowExchange, RowOperation } from './row-exchange.ts'
import { rowIdsFrom } from './row-ids.ts'
import { transactionOf } from './state.ts'
import { tableSchema } from './tables.ts'

/** Deletes the rows that the client names by their ids. RETURNING gives them as they were. */
export const deleteRows: RowOperation = (ref, exchange, services, context) =>
  changeRows(ref, exchange, services, context, {
    fields: (table) => tableSchema(table).fields.filter(({ name }) => name !== ROW_ID.name),
    answer: async (dataset, frame, from) => {
      const { schema } = exchange
      await answerAll(await rowsAt(services.engine, dataset, { schema, frames: [frame], from }), exchange)
    },
  })

/** Gives rows new values in the columns that the client sends. RETURNING gives these back. */
export const updateRows: RowOperation = (ref, exchange, services, context) =>
  changeRows(ref, exchange, services, context, {
    // The client reads what comes back by the places of what it has sent.
    fields: (table) => {
      const rowId = tableSchema(table).fields.at(-1)
      return exchange.schema.fields.map((field) => (field.name === ROW_ID.name ? (rowId ?? field) : field))
    },
    answer: (_, frame) => exchange.answer(frame),
  })

/** What RETURNING gives. */
interface Returned {
  readonly fields: (table: PinnedDataset) => Schema['fields']
  readonly answer: (dataset: ChangedDataset, frame: Frame, from: bigint) => Promise<void>
}

/**
 * Changes rows in one commit.
 *
 * Their ids are places in the snapshot that the transaction of the client reads. They name the same rows as long as its
 * parts are those of the table now; rows that were in the log then are in the parts after them.
 *
 * @throws SternaError COMMIT_CONFLICT where the table has changed since the client read it
 */
async function changeRows(
  ref: DatasetRef,
  exchange: RowExchange,
  { store, engine, airport }: Services,
  context: CallContext,
  returned: Returned,
): Promise<number> {
  const { signal } = context
  const seen = airport.look(transactionOf(context), ref)
  const from = rowIdsFrom(seen)
  const lake = store.begin()
  try {
    const changed = await lake.statement(async () => {
      const settled = await lake.settle(ref)
      assertSame(seen, settled)
      const dataset = { ref, schema: settled.schema, parts: settled.parts, lake, signal }
      await exchange.begin(returned.fields(settled))
      const frames: Frame[] = []
      for await (const frame of within(LIMITS.exchangeInputBytesMax, exchange.frames, TOO_MANY)) {
        frames.push(frame)
        if (frame.kind !== 'batch') continue
        assertRowIds(exchange.schema, frame, from, seen.rows)
        if (exchange.isReturning) await returned.answer(dataset, frame, from)
      }
      await context.confirmed()
      return changePlaces(engine, dataset, { schema: exchange.schema, frames, from })
    })
    if (changed > 0) await lake.commit()
    airport.hasWritten(context)
    return changed
  } finally {
    lake.rollback()
  }
}

function assertSame(seen: PinnedDataset, now: PinnedDataset): void {
  if (seen.parts.every(({ path }, index) => now.parts[index]?.path === path)) return
  throw new SternaError('COMMIT_CONFLICT', `The table "${seen.ref.key}" was changed by another meanwhile`)
}

const TOO_MANY = `The statement changes rows of over ${LIMITS.exchangeInputBytesMax} bytes; change them in several, or by Flight SQL`

async function answerAll(result: QueryResult, { answer }: RowExchange): Promise<void> {
  try {
    for await (const frame of result.frames) await answer(frame)
  } finally {
    result.close()
  }
}
