// Goal: every Arrow value is printed as people read it, without losing a digit.
// Method: vectors of apache-arrow from raw buffers, one table of types and texts.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as arrow from 'apache-arrow'
import { formatCell } from '../../../src/cli/cells.ts'

/** The texts of all values of one array. */
function cells(data: arrow.Data): string[] {
  return Array.from({ length: data.length }, (_, index) => formatCell(data, index))
}

function fixed(
  type: arrow.DataType,
  values: ArrayBufferView & ArrayLike<unknown>,
  length = values.length,
): string[] {
  return cells(new arrow.Data(type, 0, length, 0, { [arrow.BufferType.DATA]: values }))
}

test('times keep all digits of their unit, and whole seconds need none', () => {
  const { SECOND, MILLISECOND, MICROSECOND, NANOSECOND } = arrow.TimeUnit
  const at = (unit: arrow.TimeUnit, value: bigint, zone?: string): string[] =>
    fixed(new arrow.Timestamp(unit, zone), BigInt64Array.of(value))
  assert.deepEqual(at(SECOND, 1_770_076_800n), ['2026-02-03T00:00:00'])
  assert.deepEqual(at(MILLISECOND, 1_770_076_800_001n), ['2026-02-03T00:00:00.001'])
  assert.deepEqual(at(MICROSECOND, 1_770_076_800_000_000n, 'UTC'), ['2026-02-03T00:00:00Z'])
  assert.deepEqual(at(NANOSECOND, 1_770_076_800_123_456_789n, 'America/New_York'), [
    '2026-02-03T00:00:00.123456789Z',
  ])
  assert.deepEqual(at(NANOSECOND, -1n), ['1969-12-31T23:59:59.999999999'])
  assert.deepEqual(at(SECOND, 2n ** 62n), ['4611686018427387904s'])
})

test('dates, times of day, durations and intervals', () => {
  assert.deepEqual(fixed(new arrow.DateDay(), Int32Array.of(0, -1, 20_487, 2 ** 31 - 1)), [
    '1970-01-01',
    '1969-12-31',
    '2026-02-03',
    '2147483647d',
  ])
  assert.deepEqual(fixed(new arrow.DateMillisecond(), BigInt64Array.of(1_770_076_800_000n)), ['2026-02-03'])
  assert.deepEqual(fixed(new arrow.TimeSecond(), Int32Array.of(86_399)), ['23:59:59'])
  assert.deepEqual(fixed(new arrow.TimeNanosecond(), BigInt64Array.of(1n)), ['00:00:00.000000001'])
  assert.deepEqual(fixed(new arrow.DurationMillisecond(), BigInt64Array.of(-5n)), ['-5ms'])
  assert.deepEqual(fixed(new arrow.IntervalYearMonth(), Int32Array.of(14)), ['14mo'])
  assert.deepEqual(fixed(new arrow.IntervalDayTime(), Int32Array.of(1, 2), 1), ['1d 2ms'])
  assert.deepEqual(fixed(new arrow.IntervalMonthDayNano(), Int32Array.of(1, 2, -1, -1), 1), ['1mo 2d -1ns'])
})

test('decimals are exact', () => {
  const decimal = (scale: number, words: Uint32Array): string[] =>
    fixed(new arrow.Decimal(scale, 38, 128), words, 1)
  assert.deepEqual(decimal(2, Uint32Array.of(12_345, 0, 0, 0)), ['123.45'])
  assert.deepEqual(decimal(5, Uint32Array.of(0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff)), ['-0.00001'])
  assert.deepEqual(decimal(-2, Uint32Array.of(7, 0, 0, 0)), ['700'])
  assert.deepEqual(decimal(0, Uint32Array.of(0, 0, 0, 0x40000000)), [String(2n ** 126n)])
})

test('numbers are printed with the digits their width holds', () => {
  assert.deepEqual(fixed(new arrow.Int64(), BigInt64Array.of(-(2n ** 63n), 2n ** 63n - 1n)), [
    '-9223372036854775808',
    '9223372036854775807',
  ])
  assert.deepEqual(fixed(new arrow.Float64(), Float64Array.of(0.1, -0, NaN, -Infinity, 1e21)), [
    '0.1',
    '-0',
    'NaN',
    '-Infinity',
    '1e+21',
  ])
  assert.deepEqual(fixed(new arrow.Float32(), Float32Array.of(0.1, 16_777_216, 1.5)), [
    '0.1',
    '16777216',
    '1.5',
  ])
  assert.deepEqual(fixed(new arrow.Float16(), Uint16Array.of(0x3c00, 0x2e66)), ['1', '0.1'])
})

test('bytes are hexadecimal, and texts are themselves', () => {
  const vector = arrow.vectorFromArray(['BTC', null, ''], new arrow.Utf8())
  assert.deepEqual(vector.data.flatMap(cells), ['BTC', 'null', ''])
  const binary = arrow.vectorFromArray([Uint8Array.of(0, 255), null], new arrow.Binary())
  assert.deepEqual(binary.data.flatMap(cells), ['0x00ff', 'null'])
  const flags = arrow.vectorFromArray([true, false, null], new arrow.Bool())
  assert.deepEqual(flags.data.flatMap(cells), ['true', 'false', 'null'])
})

test('dictionary values are looked up, with null in either place', () => {
  const dictionary = arrow.vectorFromArray(['a', null, 'c'], new arrow.Utf8())
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int8())
  const data = new arrow.Data(
    type,
    0,
    4,
    1,
    { [arrow.BufferType.DATA]: Int8Array.of(2, 1, 0, 0), [arrow.BufferType.VALIDITY]: Uint8Array.of(0b0111) },
    [],
    dictionary,
  )
  assert.deepEqual(cells(data), ['c', 'null', 'a', 'null'])
})

test('nested values are spelled out, long lists cut', () => {
  const list = arrow.vectorFromArray(
    [[1, null], [], null, Array.from({ length: 22 }, (_, index) => index)],
    new arrow.List(arrow.Field.new('item', new arrow.Int32(), true)),
  )
  assert.deepEqual(list.data.flatMap(cells), [
    '[1, null]',
    '[]',
    'null',
    `[${Array.from({ length: 20 }, (_, index) => index).join(', ')}, …]`,
  ])
  const struct = arrow.vectorFromArray(
    [{ bid: 1.5, at: 'x' }, null],
    new arrow.Struct([
      arrow.Field.new('bid', new arrow.Float64(), true),
      arrow.Field.new('at', new arrow.Utf8(), true),
    ]),
  )
  assert.deepEqual(struct.data.flatMap(cells), ['{bid: 1.5, at: x}', 'null'])
})
