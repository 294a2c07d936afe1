// Goal: a part is left out where no row of it can meet a condition, and never where one can.
// Method: parts with given bounds at the edges of conditions, as DuckDB 1.5 compares them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type FilterValue, partBounds, partTest } from '../../../src/store/part-filter.ts'

type Bound = 'low' | 'high'

/** Whether a part is opened whose values go from `min` to `max`. */
function isOpened(
  type: string,
  [min, max]: readonly [string, string],
  side: Bound,
  value: FilterValue,
  isOpen = false,
): boolean {
  const bounds = partBounds({ min, max, containsNan: false }, null, type)
  return partTest({ column: 'c', [side]: value, isOpen }, type)(bounds)
}

const EDGES: readonly (readonly [
  type: string,
  min: string,
  max: string,
  low: FilterValue,
  high: FilterValue,
])[] = [
  ['int64', '10', '20', { kind: 'number', value: 20 }, { kind: 'number', value: 10 }],
  ['float64', '-0.0', '0.5', { kind: 'number', value: 0.5 }, { kind: 'number', value: 0 }],
  ['varchar', 'BTC', 'ETH', { kind: 'text', value: 'ETH' }, { kind: 'text', value: 'BTC' }],
  [
    'timestamp',
    '2026-02-05 00:00:00',
    '2026-02-05 23:00:00',
    { kind: 'text', value: '2026-02-05 23:00' },
    { kind: 'time', type: 'DATE', value: '2026-02-05' },
  ],
  [
    'timestamptz',
    '2026-02-05 00:00:00+00',
    '2026-02-05 23:00:00+00',
    { kind: 'text', value: '2026-02-05 23:00:00Z' },
    { kind: 'text', value: '2026-02-05 00:00:00+00' },
  ],
]

for (const [type, min, max, low, high] of EDGES) {
  test(`a part of ${type} is left out by a bound at its edge that is not included, and by no other`, () => {
    const part = [min, max] as const
    assert.deepEqual(
      [isOpened(type, part, 'low', low), isOpened(type, part, 'low', low, true)],
      [true, false],
    )
    assert.deepEqual(
      [isOpened(type, part, 'high', high), isOpened(type, part, 'high', high, true)],
      [true, false],
    )
    // At the other edge all rows but some are wanted.
    assert.ok(isOpened(type, part, 'high', low, true) && isOpened(type, part, 'low', high, true))
  })
}

test('NaN is above every bound', () => {
  const bounds = partBounds({ min: '1', max: '2', containsNan: null }, null, 'float64')
  assert.ok(partTest({ column: 'c', low: { kind: 'number', value: 2 }, isOpen: true }, 'float64')(bounds))
})

test('texts that a cast would round leave nothing out', () => {
  const part = ['2026-02-05 00:00:00', '2026-02-05 00:00:00'] as const
  const text = (value: string): FilterValue => ({ kind: 'text', value })
  assert.equal(isOpened('timestamp_ms', part, 'low', text('2026-02-05 00:00:00.0004')), true)
  assert.equal(isOpened('timestamp_ms', part, 'low', text('2026-02-05 00:00:00.004')), false)
  assert.equal(isOpened('timestamp', part, 'low', text('2026-02-05 00:00:00.0000004')), true)
  assert.equal(isOpened('timestamp', part, 'low', text('2026-02-05 00:00:00.000004')), false)
})

test('texts that are no times to DuckDB leave nothing out', () => {
  const part = ['2026-02-05 00:00:00+00', '2026-02-05 01:00:00+00'] as const
  for (const value of ['2026-02-06 23:00Z', '2026-02-06 23:00+00', '2026-02-06 23', '2026-02-06 23:00.5']) {
    assert.equal(isOpened('timestamptz', part, 'low', { kind: 'text', value }), true)
    assert.equal(isOpened('timestamp', part, 'low', { kind: 'text', value }), true)
  }
})
