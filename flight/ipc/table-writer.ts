import { type Frame, makeFrame } from '../frame.ts'
import { encodeBatch } from './batch-writer.ts'
import type { BufferRange, FieldNode } from './message-reader.ts'
import type { Field, Schema } from './types.ts'

/** Member `type` of a union, by its place among the children, and its value. */
export interface UnionValue {
  readonly member: number
  readonly value: ColumnValue
}

/**
 * One value of a column: a list as its items, a struct as its members in order, a map as `[key, value]` pairs.
 */
export type ColumnValue =
  null | boolean | number | bigint | string | Uint8Array | UnionValue | readonly ColumnValue[]

/** What a batch is made of, in the order of the IPC format. */
interface Body {
  readonly nodes: FieldNode[]
  readonly buffers: BufferRange[]
  readonly pieces: Uint8Array[]
  length: number
}

/**
 * Makes one batch of values in memory: for answers of few rows that the server itself makes. Takes integers, booleans,
 * texts, bytes, lists, structs, maps and dense unions.
 *
 * @param rows - each with one value per field of the schema; null only where the field is nullable
 * @returns a batch frame of its own memory; the schema's own frame goes before it
 * @throws TypeError for a type or a value that it does not write, which is the caller's mistake
 */
export function batchOf(schema: Schema, rows: readonly (readonly ColumnValue[])[]): Frame {
  const body: Body = { nodes: [], buffers: [], pieces: [], length: 0 }
  schema.fields.forEach((field, index) => {
    addColumn(
      body,
      field,
      rows.map((row) => row[index] ?? null),
    )
  })
  const { nodes, buffers } = body
  const header = { rows: rows.length, nodes, buffers, compression: null, variadicCounts: [] }
  return makeFrame(encodeBatch(header, body.length), body.pieces, { kind: 'batch', rows: rows.length })
}

function addColumn(body: Body, field: Field, values: readonly ColumnValue[]): void {
  const isUnion = field.type.kind === 'union'
  const nullCount = isUnion ? 0 : values.filter((value) => value === null).length
  if (nullCount > 0 && !field.nullable) throw new TypeError(`Column '${field.name}' has a null`)
  body.nodes.push({ length: values.length, nullCount })
  if (!isUnion)
    addBuffer(body, nullCount === 0 ? new Uint8Array() : bitmap(values, (value) => value !== null))
  addValues(body, field, values)
}

function addValues(body: Body, field: Field, values: readonly ColumnValue[]): void {
  const { type } = field
  switch (type.kind) {
    case 'int':
      addBuffer(body, integers(values, type.bitWidth / 8, type.signed))
      return
    case 'bool':
      addBuffer(
        body,
        bitmap(values, (value) => value === true),
      )
      return
    case 'utf8':
    case 'binary':
      addBytes(body, field, values)
      return
    case 'list':
    case 'map':
      addLists(body, field, values)
      return
    case 'struct':
      field.children.forEach((child, index) => {
        addColumn(
          body,
          child,
          values.map((value) => (isItems(value) ? value[index] : null) ?? null),
        )
      })
      return
    case 'union':
      addUnion(body, field, values)
      return
    default:
      throw new TypeError(`Column '${field.name}' of type ${type.kind} cannot be written from values`)
  }
}

function addBytes(body: Body, field: Field, values: readonly ColumnValue[]): void {
  const texts = values.map((value) => {
    if (value === null) return new Uint8Array()
    if (typeof value === 'string') return Buffer.from(value)
    if (value instanceof Uint8Array) return value
    throw new TypeError(`Column '${field.name}' has a value that is neither text nor bytes`)
  })
  addBuffer(body, offsets(texts.map(({ length }) => length)))
  addBuffer(body, Buffer.concat(texts))
}

function addLists(body: Body, field: Field, values: readonly ColumnValue[]): void {
  const lists = values.map((value) => (isItems(value) ? value : []))
  addBuffer(body, offsets(lists.map(({ length }) => length)))
  const [child] = field.children
  if (child !== undefined) addColumn(body, child, lists.flat(1))
}

/** Dense: every member has only its own values, and each row says which of them is its. */
function addUnion(body: Body, field: Field, values: readonly ColumnValue[]): void {
  const ids = Buffer.alloc(values.length)
  const places = Buffer.alloc(values.length * 4)
  const members: ColumnValue[][] = field.children.map(() => [])
  values.forEach((value, row) => {
    const { member, value: inner } = value as UnionValue
    const held = members[member]
    const id = field.type.kind === 'union' ? field.type.typeIds[member] : undefined
    if (held === undefined || id === undefined) {
      throw new TypeError(`Column '${field.name}' has no member ${member}`)
    }
    ids.writeInt8(id, row)
    places.writeInt32LE(held.length, row * 4)
    held.push(inner)
  })
  addBuffer(body, ids)
  addBuffer(body, places)
  field.children.forEach((child, index) => {
    addColumn(body, child, members[index] ?? [])
  })
}

function isItems(value: ColumnValue): value is readonly ColumnValue[] {
  return Array.isArray(value)
}

/** Spec: every buffer begins at a multiple of 8; its length is without the padding. */
function addBuffer(body: Body, bytes: Uint8Array): void {
  body.buffers.push({ offset: body.length, length: bytes.length })
  body.pieces.push(bytes)
  const padding = -bytes.length & 7
  if (padding > 0) body.pieces.push(new Uint8Array(padding))
  body.length += bytes.length + padding
}

function bitmap(values: readonly ColumnValue[], isSet: (value: ColumnValue) => boolean): Uint8Array {
  const bytes = new Uint8Array(Math.ceil(values.length / 8))
  values.forEach((value, index) => {
    if (isSet(value)) bytes[index >> 3] = (bytes[index >> 3] ?? 0) | (1 << (index & 7))
  })
  return bytes
}

function integers(values: readonly ColumnValue[], width: number, signed: boolean): Uint8Array {
  const bytes = Buffer.alloc(values.length * width)
  values.forEach((value, index) => {
    const at = index * width
    if (width === 8) {
      const bits = BigInt(typeof value === 'bigint' || typeof value === 'number' ? value : 0)
      if (signed) bytes.writeBigInt64LE(bits, at)
      else bytes.writeBigUInt64LE(bits, at)
    } else if (signed) bytes.writeIntLE(Number(value ?? 0), at, width)
    else bytes.writeUIntLE(Number(value ?? 0), at, width)
  })
  return bytes
}

function offsets(lengths: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc((lengths.length + 1) * 4)
  let end = 0
  lengths.forEach((length, index) => {
    end += length
    bytes.writeInt32LE(end, (index + 1) * 4)
  })
  return bytes
}
