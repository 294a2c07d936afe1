/** A range ticket leaves out the parts that have no row of its time, whatever the unit and the zone of its column. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ArrowType } from '../../../flight/index.ts'
import { timeLiteral } from '../../../src/query/time-literal.ts'
import { partBounds, partTest } from '../../../src/store/part-filter.ts'
import { field } from '../../support/raw-flight.ts'

/** A column, what DuckLake calls its type, and the bounds of a part of the 2nd of February. */
const CASES: readonly (readonly [ArrowType, lakeType: string, min: string, max: string])[] = [
  [{ kind: 'date', unit: 'day' }, 'date', '2026-02-02', '2026-02-02'],
  [
    { kind: 'timestamp', unit: 's', timezone: null },
    'timestamp_ms',
    '2026-02-02 00:00:00',
    '2026-02-02 23:59:59',
  ],
  [
    { kind: 'timestamp', unit: 'ms', timezone: null },
    'timestamp_ms',
    '2026-02-02 00:00:00',
    '2026-02-02 23:59:59.999',
  ],
  [
    { kind: 'timestamp', unit: 'us', timezone: null },
    'timestamp',
    '2026-02-02 00:00:00',
    '2026-02-02 23:59:59.999999',
  ],
  [
    { kind: 'timestamp', unit: 'ns', timezone: null },
    'timestamp_ns',
    '2026-02-02 00:00:00',
    '2026-02-02 23:59:59.999999999',
  ],
  [
    { kind: 'timestamp', unit: 'us', timezone: 'Europe/Berlin' },
    'timestamptz',
    '2026-02-02 00:00:00+00',
    '2026-02-02 23:59:59.999999+00',
  ],
]

/** DuckDB's own names of types, as they stand in a parsed statement. */
const PARSED: Readonly<Record<string, string>> = { TIMESTAMPTZ: 'TIMESTAMP WITH TIME ZONE' }

for (const [type, lakeType, min, max] of CASES) {
  test(`a time before or after a part of ${lakeType} leaves it out, one inside does not`, () => {
    const bounds = partBounds({ min, max, containsNan: null }, null, lakeType)
    const value = (text: string): { kind: 'time'; type: string; value: string } => {
      const [, name = '', literal = ''] =
        /^(\w+) '(.*)'$/.exec(timeLiteral(field('ts', type), 'start', text)) ?? []
      return { kind: 'time', type: PARSED[name] ?? name, value: literal }
    }
    assert.equal(partTest({ column: 'ts', low: value('2026-02-03') }, lakeType)(bounds), false)
    assert.equal(partTest({ column: 'ts', high: value('2026-02-01') }, lakeType)(bounds), false)
    assert.equal(partTest({ column: 'ts', low: value('2026-02-02') }, lakeType)(bounds), true)
    assert.equal(partTest({ column: 'ts', high: value('2026-02-02') }, lakeType)(bounds), true)
  })
}
