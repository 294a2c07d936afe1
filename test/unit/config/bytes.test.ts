// Goal: a size means what people mean by it, and a text that is no size is never taken for one.
// Method: tables of texts and bytes.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { formatBytes, parseBytes } from '../../../src/config/bytes.ts'

test('sizes are read in decimal and binary units, and in bytes', () => {
  const sizes: Record<string, number> = {
    '0': 0,
    '1048576': 1_048_576,
    '17B': 17,
    '1KB': 1_000,
    '1MB': 1_000_000,
    '2GB': 2_000_000_000,
    '1TB': 1_000_000_000_000,
    '1KiB': 1_024,
    '512 MiB': 536_870_912,
    '2gib': 2_147_483_648,
    '1TiB': 1_099_511_627_776,
    ' 1.5 GB ': 1_500_000_000,
    '1.0001KB': 1_000,
  }
  for (const [text, bytes] of Object.entries(sizes)) assert.equal(parseBytes(text), bytes, text)
})

test('what is no size is not taken for one', () => {
  for (const text of [
    '',
    ' ',
    'GB',
    '-1GB',
    '2 G',
    '2GBs',
    '1e9',
    '0x10',
    '1,5GB',
    'constructor',
    '10000000TB',
  ]) {
    assert.equal(parseBytes(text), undefined, text)
  }
})

test('sizes are written with a unit that keeps them short', () => {
  const texts: Record<number, string> = {
    0: '0 B',
    1023: '1023 B',
    1024: '1.0 KiB',
    1_572_864: '1.5 MiB',
    2_147_483_648: '2.0 GiB',
    1_099_511_627_776: '1.0 TiB',
    1_125_899_906_842_624: '1024.0 TiB',
  }
  for (const [bytes, text] of Object.entries(texts)) assert.equal(formatBytes(Number(bytes)), text)
})
