import type { Field } from '../../../flight/ipc/schema.ts'
import { columnMismatch, type ColumnPlan } from './column-plan.ts'
import { planDictionary } from './dictionary-column.ts'
import type { FfiField } from './ffi.ts'
import { planFixed } from './fixed-column.ts'
import { planFixedSizeList, planList, planStruct } from './nested-columns.ts'
import { addBits, addValidity } from './validity.ts'
import { planVariable } from './variable-column.ts'

/**
 * How a column of a part becomes a column of a frame: copied where the two have one layout, else converted.
 *
 * @param target - what the dataset's schema says.
 * @param actual - what parquet-wasm gives.
 * @param path - names from the column down, joined by dots: for messages.
 * @throws {@link SternaError} TYPE_UNSUPPORTED where the one cannot become the other.
 */
export function planColumn(target: Field, actual: FfiField, path: string): ColumnPlan {
  const plan =
    target.dictionary === null
      ? planValues(target, actual, path)
      : planDictionary(target, target.dictionary, actual, path, planColumn)
  if (plan === undefined) throw columnMismatch(path, target.type, actual)
  return plan
}

function planValues(target: Field, actual: FfiField, path: string): ColumnPlan | undefined {
  if (target.type.kind === 'null') return addNulls
  if (actual.indexType !== null) return undefined
  switch (target.type.kind) {
    case 'bool':
      return actual.type?.kind === 'bool' ? addBooleans : undefined
    case 'utf8':
    case 'largeUtf8':
    case 'utf8View':
    case 'binary':
    case 'largeBinary':
    case 'binaryView':
      return planVariable(target.type, actual)
    case 'list':
    case 'largeList':
    case 'map':
      return planList(target, actual, path, planColumn)
    case 'fixedSizeList':
      return planFixedSizeList(target, target.type.listSize, actual, path, planColumn)
    case 'struct':
      return planStruct(target, actual, path, planColumn)
    default:
      return planFixed(target.type, actual, path)
  }
}

/** A column of the null type has a length and nothing else, whatever it was stored as. */
const addNulls: ColumnPlan = (_array, _start, count, out) => {
  out.addNode(count, count)
}

const addBooleans: ColumnPlan = (array, start, count, out) => {
  addValidity(array, start, count, out)
  addBits(array, array.buffers[1] ?? 0, start, count, out)
}
