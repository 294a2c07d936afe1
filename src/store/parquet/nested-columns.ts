import type { ArrowType, Field } from '../../../flight/ipc/schema.ts'
import type { ColumnPlan, ColumnPlanner } from './column-plan.ts'
import type { FfiArray, FfiField } from './ffi.ts'
import { addOffsets, type OffsetWidth } from './offsets.ts'
import { addValidity } from './validity.ts'

/** Lists and maps: offsets, then the elements that they span. */
export function planList(
  target: Field,
  actual: FfiField,
  path: string,
  planColumn: ColumnPlanner,
): ColumnPlan | undefined {
  const [child] = planChildren(target, actual, path, planColumn) ?? []
  const isMap = target.type.kind === 'map'
  const source = listOffsetWidth(actual.type)
  if (child === undefined || source === undefined || isMap !== (actual.type?.kind === 'map')) return undefined
  const width = target.type.kind === 'largeList' ? 8 : 4
  return (array, start, count, out) => {
    addValidity(array, start, count, out)
    const span = addOffsets(array, start, count, { source, target: width }, out)
    child(childOf(array, 0), span.start, span.length, out)
  }
}

function listOffsetWidth(type: ArrowType | null): OffsetWidth | undefined {
  if (type?.kind === 'list' || type?.kind === 'map') return 4
  return type?.kind === 'largeList' ? 8 : undefined
}

/** Lists of one size. parquet-wasm pads the elements of a null list, so every list takes its size. */
export function planFixedSizeList(
  target: Field,
  listSize: number,
  actual: FfiField,
  path: string,
  planColumn: ColumnPlanner,
): ColumnPlan | undefined {
  const [child] = planChildren(target, actual, path, planColumn) ?? []
  if (child === undefined || actual.type?.kind !== 'fixedSizeList' || actual.type.listSize !== listSize)
    return undefined
  return (array, start, count, out) => {
    addValidity(array, start, count, out)
    child(childOf(array, 0), (array.offset + start) * listSize, count * listSize, out)
  }
}

/** Structs: the offset of a struct counts for its children too. */
export function planStruct(
  target: Field,
  actual: FfiField,
  path: string,
  planColumn: ColumnPlanner,
): ColumnPlan | undefined {
  const children = planChildren(target, actual, path, planColumn)
  if (children === undefined || actual.type?.kind !== 'struct') return undefined
  return (array, start, count, out) => {
    addValidity(array, start, count, out)
    children.forEach((child, index) => {
      child(childOf(array, index), array.offset + start, count, out)
    })
  }
}

/** Children go by position: writers name the element of a list as they like. */
function planChildren(
  target: Field,
  actual: FfiField,
  path: string,
  planColumn: ColumnPlanner,
): ColumnPlan[] | undefined {
  if (target.children.length !== actual.children.length) return undefined
  return target.children.flatMap((child, index) => {
    const actualChild = actual.children[index]
    return actualChild === undefined ? [] : [planColumn(child, actualChild, `${path}.${child.name}`)]
  })
}

function childOf(array: FfiArray, index: number): FfiArray {
  const child = array.children[index]
  if (child === undefined)
    throw new Error(`Array with ${array.children.length} children has none at ${index}`)
  return child
}
