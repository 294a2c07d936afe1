import type { DatasetRef } from '../../../flight/descriptor.ts'
import { SternaError } from '../../errors.ts'
import type { Column } from './columns.ts'
import type { CatalogDataset } from './state.ts'

/** How far the log of a table is in its parts, or has no part in it any more, once a put is committed. */
export interface LogChange {
  /** Of an append: what has to be true before it, else it would bring back rows that were replaced meanwhile. */
  readonly before?: { readonly tableId: number; readonly flushed: number }
  readonly flushed: number
  /** The ids of the batches up to there; those that are known stay where it has none. */
  readonly ids?: string
  /** What the log's files call the table, where they are older than the catalog. */
  readonly name?: string
}

export function isSameColumn(a: Column, b: Column | undefined): boolean {
  return (
    b !== undefined &&
    a.parent === b.parent &&
    a.name === b.name &&
    a.type === b.type &&
    a.nullable === b.nullable
  )
}

/** @throws {@link SternaError} NOT_IMPLEMENTED saying what another engine has done to it */
export function assertReadable(dataset: CatalogDataset): void {
  if (dataset.blocked === null) return
  const text = `Dataset "${dataset.ref.key}" can only be replaced or dropped, because ${dataset.blocked}`
  throw new SternaError('NOT_IMPLEMENTED', text)
}

export function notFound(ref: DatasetRef): SternaError {
  return new SternaError('DATASET_NOT_FOUND', `There is no dataset "${ref.key}"`)
}

/** @throws {@link SternaError} COMMIT_CONFLICT where the rows of the log are not the dataset's any more */
export function assertSameLog(
  ref: DatasetRef,
  existing: CatalogDataset | undefined,
  log: LogChange | undefined,
): void {
  if (log?.before === undefined) return
  if (log.before.tableId === existing?.tableId && log.before.flushed === existing.logFlushed) return
  throw new SternaError(
    'COMMIT_CONFLICT',
    `Dataset "${ref.key}" was replaced or dropped while its log was made a part`,
  )
}

export function sumRows(parts: readonly { readonly rows: number }[]): number {
  return parts.reduce((sum, part) => sum + part.rows, 0)
}
