import type { Frame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { ROW_ID } from '../dataset-query.ts'
import { readBatches } from '../from-arrow/batches.ts'
import { storageOf } from '../storage-types.ts'

/**
 * Checks that the row ids of a batch are places of rows.
 *
 * @param from - the id of the first row
 * @param count - how many rows there are
 * @throws {@link SternaError} SCHEMA_MISMATCH without a column of them; REQUEST_INVALID for a null; COMMIT_CONFLICT for
 * an id beyond: it is of another version
 */
export function assertRowIds(schema: Schema, frame: Frame, from: bigint, count: number): void {
  const index = schema.fields.findIndex(({ name }) => name === ROW_ID.name)
  const { type, dictionary } = schema.fields[index] ?? ROW_ID
  const isInt64 = type.kind === 'int' && type.bitWidth === 64 && type.signed && dictionary === null
  if (index === -1 || !isInt64) {
    throw new SternaError('SCHEMA_MISMATCH', `The rows have no column "${ROW_ID.name}" of type int64`)
  }
  const end = from + BigInt(count)
  for (const { rows, columns } of readBatches(schema, storageOf(schema), [frame])) {
    const column = columns[index]
    if (column === undefined || column.validity !== null) {
      throw new SternaError('REQUEST_INVALID', `A row has no "${ROW_ID.name}"`)
    }
    const ids = int64sOf(column.buffers[0], rows)
    if (ids.every((id) => id >= from && id < end)) continue
    throw new SternaError(
      'COMMIT_CONFLICT',
      'A row was named by an id of another version of the table, which has changed meanwhile: begin again',
    )
  }
}

function int64sOf(bytes: Uint8Array | undefined, rows: number): BigInt64Array {
  return bytes === undefined
    ? new BigInt64Array(rows)
    : new BigInt64Array(new Uint8Array(bytes.subarray(0, rows * 8)).buffer)
}
