// Goal: buckets begin where DuckDB's time_bucket says. Method: random instants and widths, DuckDB as the oracle.
import assert from 'node:assert/strict'
import { tmpdir } from 'node:os'
import { test } from 'node:test'
import { Duck } from '../../../src/query/duck.ts'
import { bucketStart } from '../../../src/store/bucket.ts'
import { randomFrom } from '../../support/random.ts'

const SECOND = 1_000_000

/** In µs since 1970, of the years 1700 to 2240. */
const [FIRST, LAST] = [-8_520_336_000, 8_520_336_000].map((seconds) => seconds * SECOND) as [number, number]

const WIDTHS: readonly (readonly [interval: string, months: number, us: number])[] = [
  ['1 microsecond', 0, 1],
  ['7 seconds', 0, 7 * SECOND],
  ['1 minute', 0, 60 * SECOND],
  ['36 hours', 0, 129_600 * SECOND],
  ['1 day 6 hours', 0, 108_000 * SECOND],
  ['7 days', 0, 604_800 * SECOND],
  ['1 month', 1, 0],
  ['5 months', 5, 0],
  ['1 year', 12, 0],
]

test('buckets begin where time_bucket says', async () => {
  const random = randomFrom(Date.now() % 1_000_000)
  const instants = [0, -1, 1, FIRST, LAST]
  for (let count = 0; count < 200; count += 1) instants.push(Math.floor(FIRST + random() * (LAST - FIRST)))
  const duck = await Duck.open({
    memoryLimit: '64MB',
    threads: 1,
    tempDirectory: tmpdir(),
    dataDirectory: tmpdir(),
    allowedDirectories: [],
  })
  try {
    for (const [interval, months, us] of WIDTHS) {
      const rows = await duck.use((connection) =>
        connection.run(
          `SELECT epoch_us(time_bucket(INTERVAL '${interval}', make_timestamp(us)))
           FROM (SELECT unnest([${instants.join(', ')}]::BIGINT[]) AS us)`,
        ),
      )
      assert.deepEqual(
        instants.map((instant) => bucketStart({ months, us }, instant)),
        rows.map(([start]) => Number(start)),
        interval,
      )
    }
  } finally {
    duck.close()
  }
})
