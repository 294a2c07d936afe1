import type { DatasetRef } from '../../flight/descriptor.ts'
import { type Schema, schemasEqual } from '../../flight/ipc/schema.ts'
import { schemaDifference, type SchemaDifference } from '../../flight/ipc/schema-difference.ts'
import { SternaError } from '../errors.ts'

/** @throws SCHEMA_MISMATCH naming the first difference */
export function assertSameSchema(ref: DatasetRef, stored: Schema, sent: Schema): void {
  if (schemasEqual(stored, sent, { metadata: false })) return
  throw new SternaError(
    'SCHEMA_MISMATCH',
    `The schema differs from that of dataset "${ref.key}": ${wordsOf(schemaDifference(stored, sent))}`,
  )
}

function wordsOf(difference: SchemaDifference | null): string {
  if (difference === null) return 'nullability or nested types differ'
  const { column, first, second } = difference
  return `column ${column} is stored as ${first} and was sent as ${second}`
}
