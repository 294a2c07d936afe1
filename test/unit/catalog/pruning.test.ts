/** Ten thousand parts, of which a condition opens those it needs: by bounds, by listed values and by filters. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FrameCache } from '../../../src/store/cache/frame-cache.ts'
import type { NewPart } from '../../../src/store/catalog/state.ts'
import type { FilterValue, PartFilter } from '../../../src/store/part-filter.ts'
import { PinnedSnapshot } from '../../../src/store/pinned-snapshot.ts'
import { hashValue, makeValueFilter } from '../../../src/store/value-filter.ts'
import { INT64, UTF8, makePlace, put, ref, schemaOf } from './fixtures.ts'

const HOURS = 100
const CONTRACTS = 100
const ACCOUNTS_OF_A_PART = 20

const SCHEMA = schemaOf({ ts: INT64, symbol: UTF8, account: UTF8 })

/** Each account is in one part only. */
function account(part: number, index: number): string {
  return `account ${(index * 7919 + part) % 10_000} ${part}`
}

function contractHour(part: number): NewPart {
  const [hour, contract] = [Math.floor(part / CONTRACTS), part % CONTRACTS]
  const known = { nullCount: 0, containsNan: null, compressedBytes: 50 }
  const hashes = Array.from({ length: ACCOUNTS_OF_A_PART }, (_, index) => hashValue(account(part, index)))
  return {
    ...{
      path: `n.${part}.parquet`,
      rows: 10,
      fileBytes: 1000,
      footerBytes: 300,
      arrowBytes: 5000,
      tier: 'cold',
    },
    columns: [
      { name: 'ts', fieldId: 1, min: String(hour * 3600), max: String(hour * 3600 + 3599), ...known },
      // Bounds as of files that have all: only the values tell.
      { name: 'symbol', fieldId: 2, min: 'C0', max: 'C99', values: [`C${contract}`], ...known },
      { name: 'account', fieldId: 3, min: 'a', max: 'b', filter: makeValueFilter(hashes), ...known },
    ],
  }
}

function isOne(column: string, ...values: string[]): PartFilter {
  return { column, values: values.map((value): FilterValue => ({ kind: 'text', value })) }
}

test('a contract and an hour open one of 10,000 parts, an account the one that it is in', async (t) => {
  const catalog = makePlace(t).open()
  const parts = Array.from({ length: HOURS * CONTRACTS }, (_, part) => contractHour(part))
  catalog.commit([put(ref('n'), parts, 'create', SCHEMA)])
  const snapshot = new PinnedSnapshot(
    {
      pin: () => () => undefined,
      stateAt: (moment) => catalog.stateAt(moment),
      fileOf: ({ path, rows }, of) => ({ path, rows, of }),
      cache: new FrameCache({ bytesMax: 1, entryShareMax: 1 }),
      bounds: catalog.bounds,
      partTimes: (...column) => catalog.partTimes(...column),
    },
    catalog.state(),
    new Map(),
  )
  const dataset = snapshot.resolve(ref('n'))
  const opened = async (...filters: PartFilter[]): Promise<string[]> =>
    (await dataset?.partsWith?.(filters))?.map(({ path }) => path) ?? []
  const hour: PartFilter = {
    column: 'ts',
    low: { kind: 'number', value: 42 * 3600 + 1 },
    high: { kind: 'number', value: 43 * 3600 - 1 },
  }
  assert.equal(dataset?.parts.length, 10_000)
  assert.deepEqual(await opened(hour, isOne('symbol', 'C17')), ['n.4217.parquet'])
  assert.equal((await opened(hour)).length, CONTRACTS)
  assert.equal((await opened(isOne('symbol', 'C17'))).length, HOURS)
  const found = await opened(isOne('account', account(1234, 5)))
  assert.ok(found.includes('n.1234.parquet') && found.length <= 200, `${found.length}`)
  assert.deepEqual(await opened(hour, isOne('symbol', 'C17'), isOne('account', account(4217, 0))), [
    'n.4217.parquet',
  ])
  const absent = Array.from({ length: 14 }, (_, index) => `account x${index}`)
  assert.ok((await opened(isOne('account', ...absent.slice(1)))).length < 1000)
  // More lookups than a condition may take: nothing is left out.
  assert.equal((await opened(isOne('account', ...absent))).length, 10_000)
  snapshot.release()
})
