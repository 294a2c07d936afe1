/**
 * Goal: the dictionaries of a part come back from its metadata as they were, and damaged ones are refused.
 * Method: dictionaries of the golden streams there and back; lists that are cut, and that hold something else.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeSchema, parseMessage, WireError } from '../../../flight/index.ts'
import {
  decodeDictionaryLog,
  type DictionaryEntry,
  encodeDictionaryLog,
} from '../../../flight/ipc/dictionary-log.ts'
import { encapsulate } from '../../../flight/ipc/stream.ts'
import { goldenFrames, goldenNames } from './golden.ts'

const entries: DictionaryEntry[] = []
let rows = 0
for (const name of goldenNames) {
  for (const { kind, header, body, rows: count } of await goldenFrames(name)) {
    rows += count
    const message = kind === 'dictionary' ? parseMessage(header) : null
    if (message?.kind !== 'dictionary') continue
    const { id, isDelta } = message
    entries.push({ row: rows, id, isDelta, header, body: Buffer.concat(body) })
  }
}
const log = encodeDictionaryLog(entries)

function isMalformed(error: unknown): boolean {
  return error instanceof WireError && error.code === 'IPC_MALFORMED'
}

test('dictionaries come back in their order, each with its row, id and bytes', () => {
  assert.ok(entries.length > 3 && entries.some(({ isDelta }) => isDelta))
  const found = decodeDictionaryLog(log)
  assert.equal(found.length, entries.length)
  found.forEach(({ header, body, ...rest }, index) => {
    const { header: ownHeader, body: ownBody, ...own } = entries[index] ?? assert.fail()
    assert.deepEqual(rest, own)
    assert.ok(Buffer.from(header).equals(ownHeader) && Buffer.from(body).equals(ownBody))
  })
})

test('no dictionaries are no bytes', () => {
  assert.equal(encodeDictionaryLog([]).byteLength, 0)
  assert.deepEqual(decodeDictionaryLog(new Uint8Array()), [])
})

test('rows beyond 2^32 are kept', () => {
  const [first] = entries
  assert.ok(first !== undefined)
  const [found] = decodeDictionaryLog(encodeDictionaryLog([{ ...first, row: 2 ** 40 + 1 }]))
  assert.equal(found?.row, 2 ** 40 + 1)
})

test('what comes back are views of the list', () => {
  for (const { header, body } of decodeDictionaryLog(log)) {
    assert.equal(header.buffer, log.buffer)
    assert.equal(body.buffer, log.buffer)
  }
})

test('a list that is cut inside a dictionary is refused, between two of them it is a shorter one', () => {
  const ends = new Set([0])
  for (let count = 1; count <= entries.length; count += 1) {
    ends.add(encodeDictionaryLog(entries.slice(0, count)).byteLength)
  }
  for (let end = 0; end < Math.min(log.byteLength, 4000); end += 1) {
    const cut = log.subarray(0, end)
    if (ends.has(end)) assert.ok(decodeDictionaryLog(cut).length < entries.length)
    else assert.throws(() => decodeDictionaryLog(cut), isMalformed, `${end} bytes`)
  }
})

test('a message of another kind is refused', () => {
  const schema = encapsulate(encodeSchema({ fields: [], metadata: new Map() }))
  const other = Buffer.concat([Buffer.alloc(8), schema])
  assert.throws(() => decodeDictionaryLog(other), isMalformed)
})

test('damaged bytes give dictionaries or a named error', () => {
  const damage = fc.array(fc.tuple(fc.nat(log.byteLength - 1), fc.nat(255)), { minLength: 1, maxLength: 5 })
  fc.assert(
    fc.property(damage, (changes) => {
      const damaged = Uint8Array.from(log)
      for (const [at, value] of changes) damaged[at] = value
      try {
        decodeDictionaryLog(damaged)
      } catch (error) {
        assert.ok(error instanceof WireError, String(error))
      }
    }),
  )
})
