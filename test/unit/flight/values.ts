import { parseMessage, type Frame, type Schema } from '../../../flight/index.ts'
import { type Column, fieldsOf, readColumns } from '../../../flight/ipc/batch-tree.ts'
import { BodyReader } from '../../../flight/ipc/body.ts'

/** Values sent so far, by dictionary id. */
export type Dictionaries = Map<bigint, unknown[]>

/**
 * Reads the values of a batch frame, by column and row, in the form of the golden JSON: a plain reader of all layouts,
 * to compare with. A dictionary frame goes into `dictionaries` and gives nothing.
 */
export function readValues(frame: Frame, schema: Schema, dictionaries: Dictionaries): unknown[][] {
  const message = parseMessage(frame.header)
  if (message.kind === 'schema') return []
  const columns = readColumns(fieldsOf(message, schema), message.batch).map((column) =>
    new Reader(frame.body, dictionaries).column(column),
  )
  if (message.kind === 'batch') return columns
  const before = message.isDelta ? (dictionaries.get(message.id) ?? []) : []
  dictionaries.set(message.id, [...before, ...(columns[0] ?? [])])
  return []
}

class Reader {
  private readonly body: readonly Uint8Array[]
  private readonly dictionaries: Dictionaries

  constructor(body: readonly Uint8Array[], dictionaries: Dictionaries) {
    this.body = body
    this.dictionaries = dictionaries
  }

  column(column: Column): unknown[] {
    const { node, validity } = column
    const value = this.valueReader(column)
    const bits = validity === null || validity.length === 0 ? null : this.bytes(column, -1)
    return Array.from({ length: node.length }, (_, row) => {
      const isNull = bits !== null && node.nullCount > 0 && ((bits[row >> 3] ?? 0) & (1 << (row & 7))) === 0
      return isNull ? null : value(row)
    })
  }

  private valueReader(column: Column): (row: number) => unknown {
    const { layout, children, field } = column
    const items = children.map((child) => this.column(child))
    const view = this.view(column, 0)
    switch (layout.kind) {
      case 'null':
        return () => null
      case 'bits':
        return (row) => (view.getUint8(row >> 3) & (1 << (row & 7))) !== 0
      case 'fixed':
        return this.fixedReader(column, view)
      case 'bytes': {
        const data = this.bytes(column, 1)
        const at = (row: number) => offsetAt(view, row, layout.offsetWidth)
        return (row) => bytesValue(column, data.subarray(at(row), at(row + 1)))
      }
      case 'view':
        return (row) => bytesValue(column, this.viewBytes(column, view, row * 16))
      case 'list': {
        const at = (row: number) => offsetAt(view, row, layout.offsetWidth)
        return (row) => items[0]?.slice(at(row), at(row + 1))
      }
      case 'listView': {
        const sizes = this.view(column, 1)
        const at = (row: number) => offsetAt(view, row, layout.offsetWidth)
        return (row) => items[0]?.slice(at(row), at(row) + offsetAt(sizes, row, layout.offsetWidth))
      }
      case 'fixedList':
        return (row) => items[0]?.slice(row * layout.size, (row + 1) * layout.size)
      case 'struct':
        return (row) =>
          Object.fromEntries(field.children.map((child, index) => [child.name, items[index]?.[row]]))
      case 'union': {
        const offsets = layout.isDense ? this.view(column, 1) : null
        return (row) => {
          const child = layout.typeIds.indexOf(view.getInt8(row))
          return items[child]?.[offsets === null ? row : offsets.getInt32(row * 4, true)]
        }
      }
      case 'runEnd':
        return (row) => items[1]?.[(items[0] ?? []).findIndex((end) => Number(end) > row)]
    }
  }

  private fixedReader({ field, layout }: Column, view: DataView): (row: number) => unknown {
    const width = layout.kind === 'fixed' ? layout.width : 0
    const integer = (position: number, bytes: number, signed: boolean): bigint => {
      let value = 0n
      for (let byte = bytes - 1; byte >= 0; byte -= 1)
        value = (value << 8n) | BigInt(view.getUint8(position + byte))
      return signed ? BigInt.asIntN(bytes * 8, value) : value
    }
    if (field.dictionary !== null) {
      const { id, indexType } = field.dictionary
      const values = this.dictionaries.get(id) ?? []
      return (row) => values[Number(integer(row * width, width, indexType.signed))]
    }
    const { type } = field
    switch (type.kind) {
      case 'float':
        return (row) => readFloat(view, row * width, type.bitWidth)
      case 'fixedSizeBinary':
        return (row) => Buffer.from(view.buffer, view.byteOffset + row * width, width).toString('hex')
      case 'interval':
        return (row) =>
          [integer(row * 16, 4, true), integer(row * 16 + 4, 4, true), integer(row * 16 + 8, 8, true)].map(
            String,
          )
      default: {
        const signed = type.kind !== 'int' || type.signed
        return (row) => String(integer(row * width, width, signed))
      }
    }
  }

  private viewBytes(column: Column, view: DataView, position: number): Uint8Array {
    const length = view.getInt32(position, true)
    if (length <= 12) return new Uint8Array(view.buffer, view.byteOffset + position + 4, length)
    const start = view.getInt32(position + 12, true)
    return this.bytes(column, view.getInt32(position + 8, true) + 1).subarray(start, start + length)
  }

  /** A buffer of a column; -1 is the validity bitmap. */
  private bytes(column: Column, index: number): Uint8Array {
    const range = index < 0 ? column.validity : column.buffers[index]
    return range ? new BodyReader(this.body).slice(range) : new Uint8Array(0)
  }

  private view(column: Column, index: number): DataView {
    const bytes = this.bytes(column, index)
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }
}

function offsetAt(view: DataView, row: number, width: 4 | 8): number {
  return width === 4 ? view.getInt32(row * 4, true) : Number(view.getBigInt64(row * 8, true))
}

function bytesValue({ field }: Column, bytes: Uint8Array): string {
  const isText = field.type.kind.toLowerCase().includes('utf8')
  return Buffer.from(bytes).toString(isText ? 'utf8' : 'hex')
}

function readFloat(view: DataView, position: number, bitWidth: 16 | 32 | 64): number {
  if (bitWidth === 64) return view.getFloat64(position, true)
  if (bitWidth === 32) return view.getFloat32(position, true)
  const bits = view.getUint16(position, true)
  const exponent = (bits >> 10) & 31
  const fraction = exponent === 0 ? (bits & 1023) / 1024 : 1 + (bits & 1023) / 1024
  return (bits >> 15 ? -1 : 1) * fraction * 2 ** (Math.max(exponent, 1) - 15)
}
