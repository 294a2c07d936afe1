// Goal: every key has part files that no other key has, with names that every file system takes and a person reads.
// Method: names that matter one by one, then fast-check over texts made of the characters that are special somewhere.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import {
  decodeName,
  encodeName,
  parsePartFileName,
  partFileName,
} from '../../../src/store/disk/part-names.ts'

const SPECIAL = [
  '.',
  '..',
  '%',
  '/',
  '\\',
  ':',
  '*',
  '?',
  '"',
  "'",
  '<',
  '>',
  '|',
  '=',
  '~',
  ' ',
  '-',
  '$',
  'é',
  'e\u0301',
  '漢',
  '🙂',
  '\u202e',
  '\u2028',
  '1',
  '0',
  '.1',
  '.parquet',
  '.log',
  'con',
  'NUL',
  'a',
  'B',
  '%2E',
  '%-',
  '$n',
]
const keys = fc
  .array(fc.oneof(fc.constantFrom(...SPECIAL), fc.string({ unit: 'binary', maxLength: 4 })), {
    minLength: 1,
    maxLength: 60,
  })
  .map((pieces) => pieces.join(''))
  .filter((key) => key !== '' && Buffer.byteLength(key) <= 200)

test('keys of market data stay as they are', () => {
  for (const key of [
    'BTC_USD_20260203',
    'trades_20260203',
    'EURUSD',
    'ES.c.0-1m',
    'a b',
    'Zürich',
    '日経225',
    'x+y@z,(1)',
  ]) {
    assert.equal(partFileName(key, 0), `${key}.parquet`)
    assert.equal(partFileName(key, 12), `${key}.12.parquet`)
  }
})

test('what is no plain file name is percent-encoded', () => {
  const names: Record<string, string> = {
    'a/b': 'a%2Fb.parquet',
    '../up': '%2E.%2Fup.parquet',
    '.hidden': '%2Ehidden.parquet',
    'a\\b': 'a%5Cb.parquet',
    '100%': '100%25.parquet',
    'a*?[b]': 'a%2A%3F%5Bb%5D.parquet',
    'dt=1': 'dt%3D1.parquet',
    con: '%63on.parquet',
    'LPT1.x': '%4CPT1.x.parquet',
    console: 'console.parquet',
    'e\u0301': 'e%CC%81.parquet',
    'a\u202eb': 'a%E2%80%AEb.parquet',
    ' a ': '%20a%20.parquet',
    'a.': 'a%2E.parquet',
  }
  for (const [key, name] of Object.entries(names)) assert.equal(partFileName(key, 0), name)
})

test('a key that ends like a part of another is told from it', () => {
  assert.equal(partFileName('a', 1), 'a.1.parquet')
  assert.equal(partFileName('a.1', 0), 'a%2E1.parquet')
  assert.equal(partFileName('a.1', 2), 'a%2E1.2.parquet')
  assert.equal(partFileName('a.parquet', 0), 'a%2Eparquet.parquet')
  assert.deepEqual(parsePartFileName('a.1.parquet'), { key: 'a', name: 'a', number: 1 })
  assert.deepEqual(parsePartFileName('a%2E1.parquet'), { key: 'a.1', name: 'a%2E1', number: 0 })
})

test('names that no key has are none', () => {
  const names = [
    'a.01.parquet',
    'a.0.parquet',
    'a.1.2.parquet',
    'a%2e1.parquet',
    'a%41.parquet',
    'a b.csv',
    '.parquet',
    '.a.parquet',
    'a/b.parquet',
    'a%.parquet',
    'a%-0123.parquet',
    'a%-.parquet',
    'e\u0301.parquet',
    'CON.parquet',
    'a.99999999999999999999.parquet',
    'a.parquet.tmp',
    'a',
  ]
  for (const name of names) assert.equal(parsePartFileName(name), undefined, name)
})

test('a name of any key is a file name of at most 255 bytes, also with the largest number', () => {
  for (const key of [
    '/'.repeat(200),
    '漢'.repeat(66),
    '\u202e'.repeat(66),
    'a'.repeat(200),
    `${'x'.repeat(190)}/////`,
  ]) {
    const name = partFileName(key, Number.MAX_SAFE_INTEGER)
    assert.ok(Buffer.byteLength(name) <= 255, `${Buffer.byteLength(name)}`)
    assert.equal(parsePartFileName(name)?.number, Number.MAX_SAFE_INTEGER)
  }
})

test('a name that is too long keeps its beginning and is told from others by a hash', () => {
  const [one, other] = [`${'/'.repeat(199)}1`, `${'/'.repeat(199)}2`].map((key) => partFileName(key, 0))
  assert.match(one ?? '', /^(?:%2F)+%-[0-9a-f]{32}\.parquet$/)
  assert.notEqual(one, other)
  assert.equal(parsePartFileName(one ?? '')?.key, null)
  assert.equal(decodeName((one ?? '').replace('.parquet', '')), null)
})

test('every key and number come back from their name', () => {
  fc.assert(
    fc.property(keys, fc.maxSafeNat(), (key, number) => {
      const parsed = parsePartFileName(partFileName(key, number))
      assert.equal(parsed?.number, number)
      assert.equal(parsed.name, encodeName(key))
      assert.ok(parsed.key === key || (parsed.key === null && encodeName(key).includes('%-')))
    }),
  )
})

test('no name has what is special to a file system, a shell or a glob', () => {
  fc.assert(
    fc.property(keys, (key) => {
      const name = partFileName(key, 0)
      assert.doesNotMatch(name, /[\p{C}/\\:*?"'<>|[\]{}=$~`;&#]/u)
      assert.doesNotMatch(name, /^[. ]/)
      assert.equal(name.normalize('NFC'), name)
      assert.ok(Buffer.byteLength(name) <= 255)
    }),
  )
})

test('no two keys share a name, nor one a part of the other', () => {
  fc.assert(
    fc.property(keys, keys, fc.nat(12), fc.nat(12), (a, b, m, n) => {
      fc.pre(a !== b)
      assert.notEqual(partFileName(a, m), partFileName(b, n))
    }),
  )
})

test('any file name is a part of one key or of none', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 30 }), (text) => {
      const name = `${text}.parquet`
      const parsed = parsePartFileName(name)
      if (typeof parsed?.key === 'string') assert.equal(partFileName(parsed.key, parsed.number), name)
    }),
  )
})
