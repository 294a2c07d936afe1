// Goal: a file name tells its format and its key. Method: tables of names.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatOf, keyOf } from '../../../src/cli/formats.ts'

test('the ending of a name tells the format', () => {
  const formats = {
    'a.csv': 'csv',
    'A.CSV': 'csv',
    'a.tsv': 'csv',
    'dir.parquet/a.csv.gz': 'csv',
    'a.parquet': 'parquet',
    'a.pq': 'parquet',
    'a.jsonl': 'jsonl',
    'a.ndjson.gz': 'jsonl',
    'a.arrow': 'arrow',
    'a.feather': 'arrow',
    'a.ipc': 'arrow',
    'a.arrows': 'arrows',
  }
  for (const [file, format] of Object.entries(formats)) assert.equal(formatOf(file, undefined), format, file)
})

test('a format that was chosen goes over the name', () => {
  assert.equal(formatOf('a.csv', 'jsonl'), 'jsonl')
  assert.equal(formatOf('-', 'csv'), 'csv')
})

test('a name without a known ending is refused', () => {
  for (const file of ['a', 'a.txt', 'a.gz', 'a.parquet.gz', '-', 'csv']) {
    assert.throws(() => formatOf(file, undefined), { code: 'USAGE' }, file)
  }
})

test('the key is the name without the ending of its format', () => {
  const keys = {
    'trades_20260203.csv': 'trades_20260203',
    '/data/2026/trades.v2.csv.gz': 'trades.v2',
    'BTC-USD.Parquet': 'BTC-USD',
    'ticks.arrows': 'ticks',
    'ticks.txt': 'ticks',
    ticks: 'ticks',
  }
  for (const [file, key] of Object.entries(keys)) assert.equal(keyOf(file), key)
})
