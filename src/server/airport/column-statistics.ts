import { z } from 'zod'
import { encodeSchema, type Field, type Frame, type Schema, writeIpcStream } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { statisticsQuery } from '../../query/column-statistics.ts'
import { schemaFrame } from '../read.ts'
import { msgpackAction } from './action.ts'
import { bytesField, textField } from './messages.ts'
import { tableIn, transactionOf } from './state.ts'
import { describedTable } from './tables.ts'

/** DuckDB leaves out a scan, or a part of a filter, by these: they are exact, of the snapshot that is read. */
export const columnStatistics = msgpackAction(
  'column_statistics',
  'Bounds of a column. In: {flight_descriptor, column_name, type}. Out: an IPC stream of one row',
  z.object({ flight_descriptor: bytesField, column_name: textField, type: textField }),
  async (request, { engine, airport }, context) => {
    const ref = describedTable(request.flight_descriptor)
    const { lake, end } = airport.open(transactionOf(context))
    try {
      const field = fieldOf(tableIn(lake, ref).schema, request.column_name)
      const { sql, target } = statisticsQuery(ref, field)
      const result = await engine.run({ sql, target, lake, signal: context.signal })
      return await ipcStream(target, result.frames)
    } finally {
      end()
    }
  },
)

/** @throws SternaError REQUEST_INVALID */
function fieldOf({ fields }: Schema, name: string): Field {
  const field = fields.find((candidate) => candidate.name === name)
  if (field === undefined) throw new SternaError('REQUEST_INVALID', `The table has no column "${name}"`)
  return field
}

async function ipcStream(schema: Schema, rows: AsyncIterable<Frame>): Promise<Uint8Array> {
  async function* frames(): AsyncGenerator<Frame> {
    yield schemaFrame(encodeSchema(schema))
    yield* rows
  }
  const chunks: Uint8Array[] = []
  for await (const chunk of writeIpcStream(frames())) chunks.push(chunk)
  return Buffer.concat(chunks)
}
