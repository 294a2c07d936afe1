// Goal: arrays of the C data interface are copied exactly whatever their offsets: arrays that start in the middle of
// their buffers, validity that starts inside a byte, text whose first offset is not 0, structs within lists.
// Method: fast-check makes values and lays them out in a memory of the test, with other elements before and after;
// the body that is copied out is decoded again by a few lines that know no offset.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { ArrowType } from '../../../flight/ipc/schema.ts'
import { planColumn } from '../../../src/store/parquet/columns.ts'
import { type FfiArray, type FfiField, FfiMemory } from '../../../src/store/parquet/ffi.ts'
import { type FrameBody, FrameBodyBuilder } from '../../../src/store/parquet/frame-body.ts'
import { field } from './support.ts'

type Value = number | string | boolean | null

/** Where in an array, and where in a range of it, the wanted rows are. */
const sliced = <T extends Value>(value: fc.Arbitrary<T | null>) =>
  fc.record({
    values: fc.array(value, { minLength: 1, maxLength: 70 }),
    offset: fc.nat(20),
    before: fc.nat(20),
    after: fc.nat(20),
  })

const nullable = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: null, freq: 3 })

test('fixed-width values are copied from any offset', () => {
  fc.assert(
    fc.property(sliced(nullable(fc.integer())), ({ values, offset, before, after }) => {
      const memory = new TestMemory()
      const all = surround(values, offset + before, after, 7)
      const array = memory.array(all, offset, [memory.put(int32s(all.map((value) => value ?? -1)))])
      const body = copy({ kind: 'int', bitWidth: 32, signed: true }, array, before, values.length)
      assert.deepEqual(decode(body, 'int32'), values)
    }),
  )
})

test('bits are copied from any offset', () => {
  fc.assert(
    fc.property(sliced(nullable(fc.boolean())), ({ values, offset, before, after }) => {
      const memory = new TestMemory()
      const all = surround(values, offset + before, after, true)
      const array = memory.array(all, offset, [memory.put(bits(all.map((value) => value === true)))])
      assert.deepEqual(decode(copy({ kind: 'bool' }, array, before, values.length), 'bool'), values)
    }),
  )
})

for (const [source, target] of [
  ['utf8', 'utf8'],
  ['largeUtf8', 'largeUtf8'],
  ['utf8', 'largeUtf8'],
  ['largeUtf8', 'utf8'],
  ['utf8', 'utf8View'],
] as const) {
  test(`${source} is copied to ${target} from any offset`, () => {
    fc.assert(
      fc.property(
        sliced(nullable(fc.string({ unit: 'grapheme', maxLength: 12 }))),
        ({ values, offset, before, after }) => {
          const memory = new TestMemory()
          const all = surround(values, offset + before, after, 'other')
          const texts = all.map((value) => Buffer.from(value ?? ''))
          const offsets = texts.reduce<number[]>(
            (sums, piece) => [...sums, (sums.at(-1) ?? 0) + piece.byteLength],
            [0],
          )
          const width = source === 'utf8' ? 4 : 8
          const array = memory.array(all, offset, [
            memory.put(integers(offsets, width)),
            memory.put(Buffer.concat(texts)),
          ])
          const body = copy({ kind: target }, array, before, values.length, { kind: source })
          assert.deepEqual(decode(body, target), values)
        },
      ),
    )
  })
}

test('lists of structs are copied from any offset', () => {
  const pair = fc.record({ n: nullable(fc.integer()) }, { noNullPrototype: true })
  const lists = fc.record({
    values: fc.array(nullable(fc.array(pair, { maxLength: 4 })), { minLength: 1, maxLength: 40 }),
    offset: fc.nat(9),
    childOffset: fc.nat(9),
    structOffset: fc.nat(9),
  })
  fc.assert(
    fc.property(lists, ({ values, offset, childOffset, structOffset }) => {
      const memory = new TestMemory()
      const all: ({ n: number | null }[] | null)[] = [
        ...Array.from({ length: offset }, () => [{ n: 1 }]),
        ...values,
      ]
      const items = all.flatMap((list) => list ?? []).map(({ n }) => n)
      const offsets = all.reduce<number[]>(
        (sums, list) => [...sums, (sums.at(-1) ?? 0) + (list?.length ?? 0)],
        [0],
      )
      // The struct starts within its child, and the child within its buffer.
      const stored = [...Array.from({ length: childOffset + structOffset }, () => 5), ...items]
      const child = memory.array(stored, childOffset, [memory.put(int32s(stored.map((value) => value ?? 0)))])
      const struct = {
        ...memory.array(
          items.map(() => 0),
          0,
          [],
        ),
        offset: structOffset,
        children: [child],
      }
      const list = {
        ...memory.array(
          all.map((value) => (value === null ? null : 0)),
          offset,
          [memory.put(integers(offsets, 4))],
        ),
        children: [struct],
      }
      const itemField = field('n', { kind: 'int', bitWidth: 32, signed: true })
      const structField = field('item', { kind: 'struct' }, { children: [itemField] })
      const target = field('c', { kind: 'list' }, { children: [structField] })
      const out = new FrameBodyBuilder(values.length)
      planColumn(target, ffiField(target), 'c')(list, 0, values.length, out)
      const { header, bytes } = out.finish()
      const buffers = header.buffers.map((range) => Buffer.from(bytes, range.offset, range.length))
      const validity = validityOf(buffers[0], values.length)
      const ends = Array.from(
        { length: values.length + 1 },
        (_, row) => buffers[1]?.readInt32LE(row * 4) ?? -1,
      )
      const count = ends.at(-1) ?? 0
      const itemValidity = validityOf(buffers[3], count)
      const numbers = Array.from({ length: count }, (_, row) =>
        itemValidity[row] ? (buffers[4]?.readInt32LE(row * 4) ?? -1) : null,
      )
      const decoded = values.map((_, row) =>
        validity[row] ? numbers.slice(ends[row], ends[row + 1]).map((n) => ({ n })) : null,
      )
      assert.deepEqual(decoded, values)
    }),
  )
})

test('the bits after the last row and the bytes between buffers are zero', () => {
  const memory = new TestMemory()
  const all = Array.from({ length: 64 }, (_, row) => (row === 3 ? null : row))
  const array = memory.array(all, 0, [memory.put(int32s(all.map(() => -1)))])
  const { header, bytes } = copy({ kind: 'int', bitWidth: 32, signed: true }, array, 0, 5)
  const used = header.buffers.flatMap(({ offset, length }) => Array.from({ length }, (_, at) => offset + at))
  const padding = [...new Uint8Array(bytes)].filter((_, at) => !used.includes(at))
  assert.ok(padding.length > 0 && padding.every((byte) => byte === 0))
  assert.equal(new Uint8Array(bytes)[0], 0b10111)
})

/** A memory that arrays are laid out in, at addresses that are multiples of 8 and never 0. */
class TestMemory {
  readonly #memory = new FfiMemory(new ArrayBuffer(64 * 1024))
  #end = 8

  put(bytes: Uint8Array): number {
    const address = this.#end
    this.#memory.bytes.set(bytes, address)
    this.#end += Math.ceil(bytes.byteLength / 8) * 8 + 8
    return address
  }

  /** An array whose buffers hold `offset` elements before its own. */
  array(all: readonly Value[], offset: number, buffers: readonly number[]): FfiArray {
    const nullCount = all.slice(offset).filter((value) => value === null).length
    const validity = nullCount === 0 ? 0 : this.put(bits(all.map((value) => value !== null)))
    return {
      memory: this.#memory,
      length: all.length - offset,
      nullCount,
      offset,
      buffers: [validity, ...buffers],
      children: [],
      dictionary: null,
    }
  }
}

function surround<T>(values: readonly T[], before: number, after: number, other: T): T[] {
  return [
    ...Array.from({ length: before }, () => other),
    ...values,
    ...Array.from({ length: after }, () => other),
  ]
}

function copy(target: ArrowType, array: FfiArray, start: number, count: number, source = target): FrameBody {
  const out = new FrameBodyBuilder(count)
  const own = field('c', target)
  planColumn(own, { ...ffiField(own), type: source }, 'c')(array, start, count, out)
  return out.finish()
}

function ffiField({ name, type, children }: ReturnType<typeof field>): FfiField {
  return { name, type, format: '', indexType: null, children: children.map(ffiField) }
}

function decode({ header, bytes }: FrameBody, kind: string): Value[] {
  const count = header.rows
  const buffers = header.buffers.map(({ offset, length }) => Buffer.from(bytes, offset, length))
  const [validityBits, first = Buffer.alloc(0), data = Buffer.alloc(0)] = buffers
  const validity = validityOf(validityBits, count)
  assert.equal(header.nodes[0]?.nullCount, validity.filter((isValid) => !isValid).length)
  const end = (row: number): number =>
    kind === 'utf8' ? first.readInt32LE(row * 4) : Number(first.readBigInt64LE(row * 8))
  const valueAt = (row: number): Value => {
    if (kind === 'int32') return first.readInt32LE(row * 4)
    if (kind === 'bool') return ((first.readUInt8(row >> 3) >> (row & 7)) & 1) === 1
    if (kind !== 'utf8View') return data.toString('utf8', end(row), end(row + 1))
    const length = first.readInt32LE(row * 16)
    const start = first.readInt32LE(row * 16 + 12)
    return length <= 12
      ? first.toString('utf8', row * 16 + 4, row * 16 + 4 + length)
      : data.toString('utf8', start, start + length)
  }
  return Array.from({ length: count }, (_, row) => (validity[row] ? valueAt(row) : null))
}

function validityOf(buffer: Buffer | undefined, count: number): boolean[] {
  return Array.from(
    { length: count },
    (_, row) => !buffer?.byteLength || ((buffer.readUInt8(row >> 3) >> (row & 7)) & 1) === 1,
  )
}

function bits(values: readonly boolean[]): Buffer {
  const bytes = Buffer.alloc(Math.ceil(values.length / 8))
  values.forEach((value, index) => {
    if (value) bytes.writeUInt8(bytes.readUInt8(index >> 3) | (1 << (index & 7)), index >> 3)
  })
  return bytes
}

function int32s(values: readonly number[]): Buffer {
  return integers(values, 4)
}

function integers(values: readonly number[], width: 4 | 8): Buffer {
  const bytes = Buffer.alloc(values.length * width)
  values.forEach((value, index) => {
    if (width === 4) bytes.writeInt32LE(value, index * 4)
    else bytes.writeBigInt64LE(BigInt(value), index * 8)
  })
  return bytes
}
