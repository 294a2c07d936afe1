import type { ArrowType } from '../../../flight/ipc/schema.ts'
import { type ColumnPlan, valueMismatch } from './column-plan.ts'
import { planDecimal } from './decimal-column.ts'
import type { FfiField } from './ffi.ts'
import { planInteger } from './integer-column.ts'
import { OffsetReader } from './offsets.ts'
import { addValidity, validityOf } from './validity.ts'
import { offsetWidthOf } from './variable-column.ts'

/** Bytes of a value, for types whose values all have as many; undefined for the others. */
export function byteWidthOf(type: ArrowType | null): number | undefined {
  switch (type?.kind) {
    case 'int':
    case 'float':
    case 'decimal':
    case 'time':
      return type.bitWidth / 8
    case 'date':
      return type.unit === 'day' ? 4 : 8
    case 'timestamp':
    case 'duration':
      return 8
    case 'fixedSizeBinary':
      return type.byteWidth
    default:
      return undefined
  }
}

/** Values of one width: as they are, as another name for the same bytes, or converted one by one. */
export function planFixed(target: ArrowType, actual: FfiField, path: string): ColumnPlan | undefined {
  const width = byteWidthOf(target)
  if (width === undefined || actual.type === null) return undefined
  if (isSameBytes(target, actual.type)) {
    return (array, start, count, out) => {
      addValidity(array, start, count, out)
      out.addCopy(array.memory, (array.buffers[1] ?? 0) + (array.offset + start) * width, count * width)
    }
  }
  if (target.kind === 'fixedSizeBinary') return planFixedBytes(target, width, actual, path)
  if (target.kind === 'decimal') return planDecimal(target, width, actual.type, path)
  if (target.kind === 'float')
    return width === 2 && byteWidthOf(actual.type) === 4 ? planHalf(actual.type) : undefined
  return planInteger(target, actual.type, path)
}

/** Whether the two types give the same bytes for the same values; a zone is only said, never computed with. */
function isSameBytes(target: ArrowType, actual: ArrowType): boolean {
  if (target.kind === 'timestamp') return actual.kind === 'timestamp' && target.unit === actual.unit
  if (target.kind === 'decimal') {
    return actual.kind === 'decimal' && target.bitWidth === actual.bitWidth && target.scale === actual.scale
  }
  if (target.kind !== actual.kind) return false
  const names = Object.keys(target) as (keyof ArrowType)[]
  return names.every((name) => target[name] === actual[name])
}

/** Parquet as DuckDB writes it knows bytes of any length only. */
function planFixedBytes(
  target: ArrowType,
  width: number,
  actual: FfiField,
  path: string,
): ColumnPlan | undefined {
  const source =
    actual.type?.kind === 'binary' || actual.type?.kind === 'largeBinary'
      ? offsetWidthOf(actual.type)
      : undefined
  if (source === undefined) return undefined
  return (array, start, count, out) => {
    addValidity(array, start, count, out)
    const offsets = new OffsetReader(array, start, count, source)
    const isValid = validityOf(array, start)
    const { bytes } = array.memory
    const dataAddress = array.buffers[2] ?? 0
    const first = offsets.at(0)
    const isDense = offsets.at(count) - first === count * width
    if (isDense && array.nullCount === 0) {
      for (let row = 0; row <= count; row++) {
        if (offsets.at(row) - first !== row * width) throw valueMismatch(path, target)
      }
      out.addCopy(array.memory, dataAddress + first, count * width)
      return
    }
    out.addBuffer(count * width, (body) => {
      body.fill(0)
      for (let row = 0; row < count; row++) {
        if (!isValid(row)) continue
        if (offsets.at(row + 1) - offsets.at(row) !== width) throw valueMismatch(path, target)
        bytes.copy(body, row * width, dataAddress + offsets.at(row), dataAddress + offsets.at(row + 1))
      }
    })
  }
}

/** DuckDB has no half floats; every one of them is a single float exactly. */
function planHalf(actual: ArrowType): ColumnPlan | undefined {
  if (actual.kind !== 'float') return undefined
  return (array, start, count, out) => {
    addValidity(array, start, count, out)
    const source = array.memory.uint32s((array.buffers[1] ?? 0) + (array.offset + start) * 4, count)
    out.addBuffer(count * 2, (target) => {
      for (let row = 0; row < count; row++) target.writeUInt16LE(halfOf(source[row] ?? 0), row * 2)
    })
  }
}

/** The bits of the half float nearest to a single float. */
function halfOf(bits: number): number {
  const sign = (bits >>> 16) & 0x8000
  const exponent = (bits >>> 23) & 0xff
  const fraction = bits & 0x7fffff
  // Infinity stays; a NaN keeps the top of its payload and stays a NaN.
  if (exponent === 0xff) return sign | 0x7c00 | (fraction === 0 ? 0 : 0x0200 | (fraction >>> 13))
  const halfExponent = exponent - 127 + 15
  if (halfExponent >= 31) return sign | 0x7c00
  if (halfExponent > 0) return sign | rounded((halfExponent << 23) | fraction, 13)
  return halfExponent < -10 ? sign : sign | rounded(0x800000 | fraction, 14 - halfExponent)
}

/** `value / 2^bits`, to the nearest whole number, halves to the even one. */
function rounded(value: number, bits: number): number {
  const whole = value >>> bits
  const rest = value & ((1 << bits) - 1)
  const half = 1 << (bits - 1)
  return rest > half || (rest === half && (whole & 1) === 1) ? whole + 1 : whole
}
