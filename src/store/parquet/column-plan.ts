import type { ArrowType, Field } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import type { FfiArray, FfiField } from './ffi.ts'
import type { FrameBodyBuilder } from './frame-body.ts'

/**
 * Adds rows of a column to a body: nodes and buffers as the column's Arrow type has them.
 *
 * @param start - counted from the array's own start, which its `offset` is added to.
 */
export type ColumnPlan = (array: FfiArray, start: number, count: number, out: FrameBodyBuilder) => void

/** Plans a column or a child of one; see `planColumn`. */
export type ColumnPlanner = (target: Field, actual: FfiField, path: string) => ColumnPlan

/** The error for a column that cannot be given back as its schema says. */
export function columnMismatch(path: string, target: ArrowType, actual: FfiField): SternaError {
  const stored = actual.type === null ? `format ${actual.format}` : typeText(actual.type)
  const encoding = actual.indexType === null ? '' : 'dictionary of '
  return new SternaError(
    'TYPE_UNSUPPORTED',
    `Column '${path}' is ${typeText(target)}, its part has ${encoding}${stored}`,
  )
}

/** The error for a value that the column's type has no room for. */
export function valueMismatch(path: string, target: ArrowType): SternaError {
  return new SternaError(
    'DATA_CORRUPT',
    `Column '${path}' has a value in its part that ${typeText(target)} cannot hold`,
  )
}

function typeText(type: ArrowType): string {
  const details = Object.entries(type)
    .filter(([name, value]) => name !== 'kind' && value !== null)
    .map(([name, value]) => `${name} ${String(value)}`)
  return details.length === 0 ? type.kind : `${type.kind} (${details.join(', ')})`
}
