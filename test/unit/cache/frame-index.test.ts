// Goal: rows of frames in memory that a condition can want are found, none of them is left out, and where the index says
// that there are no others, there are none.
// Method: random columns of every type, in order or not, with and without nulls, in frames of random sizes; what is found
// is compared with every row looked at one by one.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Frame } from '../../../flight/frame.ts'
import type { ArrowType, Field, Schema } from '../../../flight/ipc/schema.ts'
import { batchOf } from '../../../flight/ipc/table-writer.ts'
import { type ColumnRanges, FrameIndex } from '../../../src/store/cache/frame-index.ts'
import type { ValueRange } from '../../../src/store/cache/frame-column.ts'
import { valueRanges } from '../../../src/store/cache/value-ranges.ts'
import type { FilterValue, PartFilter } from '../../../src/store/part-filter.ts'
import { randomFrom } from '../../support/random.ts'

const TYPES: readonly { readonly type: ArrowType; readonly low: bigint; readonly span: number }[] = [
  ...([8, 16, 32, 64] as const).flatMap((bitWidth) => [
    { type: { kind: 'int', bitWidth, signed: true } as const, low: -90n, span: 180 },
    { type: { kind: 'int', bitWidth, signed: false } as const, low: 0n, span: 180 },
  ]),
  { type: { kind: 'int', bitWidth: 64, signed: false }, low: 2n ** 63n - 90n, span: 180 },
  { type: { kind: 'int', bitWidth: 64, signed: true }, low: -(2n ** 32n) - 90n, span: 180 },
  { type: { kind: 'timestamp', unit: 'ns', timezone: null }, low: 2n ** 60n, span: 1000 },
  { type: { kind: 'date', unit: 'day' }, low: -20n, span: 40 },
]

const US: ArrowType = { kind: 'timestamp', unit: 'us', timezone: null }
const MS: ArrowType = { kind: 'timestamp', unit: 'ms', timezone: null }
const DAY: ArrowType = { kind: 'date', unit: 'day' }
const INT: ArrowType = { kind: 'int', bitWidth: 32, signed: true }

function fieldOf(name: string, type: ArrowType): Field {
  return { name, nullable: true, type, dictionary: null, children: [], metadata: new Map() }
}

/** The same bytes as whole numbers. */
function plain(type: ArrowType): ArrowType {
  if (type.kind === 'int') return type
  return { kind: 'int', bitWidth: type.kind === 'date' ? 32 : 64, signed: true }
}

const random = randomFrom(Number(process.env['STERNA_TEST_SEED'] ?? 7))
const below = (count: number): number => Math.floor(random() * count)

interface Column {
  readonly values: readonly (bigint | null)[]
  readonly frames: readonly Frame[]
  readonly schema: Schema
}

function columnOf(type: ArrowType, low: bigint, span: number): Column {
  const rows = 1 + below(300)
  const drawn = Array.from({ length: rows }, () => low + BigInt(below(span)))
  if (random() < 0.6) drawn.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
  const nulls = random() < 0.3 ? 0.2 : 0
  const values = drawn.map((value) => (random() < nulls ? null : value))
  const written: Schema = { fields: [fieldOf('v', plain(type))], metadata: new Map() }
  const frames: Frame[] = []
  for (let at = 0; at < rows;) {
    const end = Math.min(rows, at + 1 + below(100))
    frames.push(
      batchOf(
        written,
        values.slice(at, end).map((value) => [value]),
      ),
    )
    at = end
  }
  return { values, frames, schema: { fields: [fieldOf('v', type)], metadata: new Map() } }
}

function rangesOf(low: bigint, span: number): ValueRange[] {
  const value = (): bigint => low - 5n + BigInt(below(span + 10))
  return Array.from({ length: 1 + below(3) }, () => {
    const start = random() < 0.2 ? null : value()
    const isOne = random() < 0.3
    return { low: start, high: isOne ? start : random() < 0.2 ? null : value() }
  })
}

function meets(value: bigint | null, ranges: readonly ValueRange[]): boolean {
  if (value === null) return false
  return ranges.some(({ low, high }) => (low === null || value >= low) && (high === null || value <= high))
}

/** The places of the selected rows among all. */
function placesOf(frames: readonly Frame[], selected: ReturnType<FrameIndex['select']>): number[] {
  const starts = new Map<Frame, number>()
  let at = 0
  for (const frame of frames) {
    starts.set(frame, at)
    at += frame.rows
  }
  return (selected?.selected ?? []).flatMap(({ frame, start, end }) =>
    Array.from({ length: end - start }, (_, row) => (starts.get(frame) ?? NaN) + start + row),
  )
}

for (const { type, low, span } of TYPES) {
  test(`rows of a column of ${JSON.stringify(type)} around ${low} are found`, () => {
    const facts = { exact: 0, fewer: 0 }
    for (let round = 0; round < 60; round++) {
      const { values, frames, schema } = columnOf(type, low, span)
      const index = new FrameIndex()
      for (let query = 0; query < 10; query++) {
        const conditions: ColumnRanges[] = Array.from({ length: 1 + below(2) }, () => {
          return { column: 0, ranges: rangesOf(low, span) }
        })
        const selected = index.select(frames, schema, conditions)
        assert.ok(selected !== undefined)
        const places = placesOf(frames, selected)
        const wanted = [...values.keys()].filter((place) =>
          conditions.every(({ ranges }) => meets(values[place] ?? null, ranges)),
        )
        assert.deepEqual(
          places,
          [...new Set(places)].toSorted((a, b) => a - b),
          'in order, each once',
        )
        if (selected.isExact) assert.deepEqual(places, wanted)
        else assert.ok(wanted.every((place) => places.includes(place)))
        facts.exact += Number(selected.isExact && wanted.length > 0)
        facts.fewer += Number(!selected.isExact && places.length < values.length)
      }
    }
    assert.ok(facts.exact > 20 && facts.fewer > 20, JSON.stringify(facts))
  })
}

test('a column of many rows is looked at in the background, and known afterwards', async () => {
  const schema: Schema = { fields: [fieldOf('v', INT)], metadata: new Map() }
  const frame = (): Frame =>
    batchOf(
      schema,
      Array.from({ length: 65_536 }, (_, row) => [row >> 10]),
    )
  const frames = Array.from({ length: 10 }, frame)
  const index = new FrameIndex()
  const select = (): ReturnType<FrameIndex['select']> =>
    index.select(frames, schema, [{ column: 0, ranges: [{ low: 3n, high: 3n }] }])
  assert.equal(select(), undefined)
  let selected = select()
  for (let turn = 0; selected === undefined && turn < 100; turn++) {
    await nextTurn()
    selected = select()
  }
  assert.deepEqual(
    selected?.selected.map(({ start, end }) => [start, end]),
    frames.map(() => [3072, 4096]),
  )
})

const time = (value: string): FilterValue => ({ kind: 'time', type: 'TIMESTAMP', value })
const number = (value: number): FilterValue => ({ kind: 'number', value })

/** Of a filter, the type in the words of the catalog, and that of the column; null: nothing is certain. */
const FILTERS: readonly [Omit<PartFilter, 'column'>, string, ArrowType, ValueRange[] | null][] = [
  [{ values: [number(3), number(-5)] }, 'int32', INT, [range(3n, 3n), range(-5n, -5n)]],
  [{ low: number(3), high: number(5) }, 'int32', INT, [range(3n, 5n)]],
  [{ low: number(3), isOpen: true }, 'int32', INT, [range(4n, null)]],
  [{ high: number(3), isOpen: true }, 'int32', INT, [range(null, 2n)]],
  [{ values: [number(1.5)] }, 'int32', INT, null],
  [{ low: number(1), high: number(1.5) }, 'int32', INT, null],
  [{}, 'int32', INT, null],
  [{ values: [time('1970-01-01 00:00:00.000001')] }, 'timestamp', US, [range(1n, 1n)]],
  [{ values: [time('1969-12-31 23:59:59.999999')] }, 'timestamp', US, [range(-1n, -1n)]],
  [{ low: time('1970-01-01 00:00:00.0015') }, 'timestamp_ms', MS, [range(2n, null)]],
  [{ low: time('1970-01-01 00:00:00.0015'), isOpen: true }, 'timestamp_ms', MS, [range(2n, null)]],
  [{ high: time('1970-01-01 00:00:00.0015') }, 'timestamp_ms', MS, [range(null, 1n)]],
  [{ high: time('1970-01-01 00:00:00.0015'), isOpen: true }, 'timestamp_ms', MS, [range(null, 1n)]],
  [{ high: time('1969-12-31 23:59:59.9985') }, 'timestamp_ms', MS, [range(null, -2n)]],
  [{ low: time('1970-01-02 00:00:01') }, 'date', DAY, [range(2n, null)]],
  [{ values: [time('1970-01-02 00:00:00')] }, 'date', DAY, [range(1n, 1n)]],
  [{ values: [time('1970-01-02 00:00:00+00')] }, 'timestamp', US, null],
  [{ values: [{ kind: 'text', value: 'a' }] }, 'varchar', { kind: 'utf8' }, null],
]

function range(low: bigint | null, high: bigint | null): ValueRange {
  return { low, high }
}

for (const [filter, type, arrow, expected] of FILTERS) {
  test(`${JSON.stringify(filter)} wants of ${type} ${expected === null ? 'nobody knows what' : 'what it says'}`, () => {
    const ranges = valueRanges({ column: 'v', ...filter }, type, fieldOf('v', arrow))
    assert.deepEqual(ranges, expected)
  })
}
