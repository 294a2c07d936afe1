import type { DatasetRef } from '../../flight/descriptor.ts'
import { type Schema, schemasEqual } from '../../flight/ipc/schema.ts'
import { typeName } from '../../flight/ipc/type-name.ts'
import { SternaError } from '../errors.ts'

/** @throws SCHEMA_MISMATCH naming the first difference */
export function assertSameSchema(ref: DatasetRef, stored: Schema, sent: Schema): void {
  if (schemasEqual(stored, sent, { metadata: false })) return
  throw new SternaError(
    'SCHEMA_MISMATCH',
    `The schema differs from that of dataset "${ref.key}": ${schemaDifference(stored, sent)}`,
  )
}

/** The first difference between two schemas, in words. */
function schemaDifference(stored: Schema, sent: Schema): string {
  const length = Math.max(stored.fields.length, sent.fields.length)
  for (let index = 0; index < length; index += 1) {
    const [was, is] = [stored.fields[index], sent.fields[index]]
    const [wasText, isText] = [was, is].map((field) =>
      field ? `${field.name} ${typeName(field)}` : 'nothing',
    )
    if (wasText !== isText) return `column ${index + 1} is stored as ${wasText} and was sent as ${isText}`
  }
  return 'nullability or nested types differ'
}
