// Goal: a row has the index that a part's metadata says, and its value in any case, whatever else stands there.
// Method: parts with a dictionary of one text twice, and metadata that fits, does not fit, and is damaged.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { deflateRawSync } from 'node:zlib'

import type { Frame } from '../../../flight/frame.ts'
import { encodeDictionaryLog } from '../../../flight/ipc/dictionary-log.ts'
import { encodeDictionary, parseMessage } from '../../../flight/ipc/message.ts'
import { packOccurrences } from '../../../src/store/occurrences.ts'
import {
  dictionaryField,
  readFrames,
  schemaOf,
  sharedReader,
  tableOf,
  temporaryFolder,
  valuesOf,
  writePart,
} from './support.ts'

const reader = sharedReader()

const column = { field: dictionaryField('c', { kind: 'utf8' }, { bitWidth: 8, signed: true }), sql: `'a'` }
const schema = schemaOf([column])
const ROWS = 10

test('rows name the occurrence that the metadata says, and the first where it says nothing', async (t) => {
  const frames = await framesOf(t, JSON.stringify([await packed(2, [1, 0, 1])]))
  assert.deepEqual(indicesOf(frames), [0, 0, 1, 0, 1, 0, 0, 0, 0, 0])
  await hasValues(frames)
})

test('occurrences that the dictionary has not, or of other rows, leave the values as they are', async (t) => {
  const wrong = [
    await packed(0, [0, 2]),
    { ...(await packed(0, [1, 1, 1])), rows: 5 },
    { ...(await packed(0, [1, 1])), column: 7 },
    { ...(await packed(0, [1, 1])), row: 100 },
  ]
  for (const run of wrong) await hasValues(await framesOf(t, JSON.stringify([run])))
})

test('damaged metadata is told', async (t) => {
  const run = await packed(0, [1, 1])
  for (const text of [
    '[',
    '{}',
    JSON.stringify([{ ...run, rows: null }]),
    JSON.stringify([{ ...run, numbers: '//' }]),
  ]) {
    await assert.rejects(
      framesOf(t, text),
      { code: 'DATA_CORRUPT', message: /dictionaries is damaged/ },
      text,
    )
  }
})

async function packed(row: number, numbers: readonly number[]) {
  const run = { column: 0, row, rows: numbers.length, lengths: null, numbers: Uint32Array.from(numbers) }
  return packOccurrences(run)
}

async function framesOf(t: TestContext, occurrences: string): Promise<Frame[]> {
  const path = join(await temporaryFolder(t), 'part.parquet')
  const metadata = { 'sterna:dictionaries': twice(), 'sterna:occurrences': occurrences }
  await writePart(path, [column], { rows: ROWS, metadata })
  return readFrames(reader, schema, path)
}

/** The dictionary ['a', 'a'] from the first row on. */
function twice(): string {
  const body = Buffer.alloc(24)
  body.writeUInt32LE(1, 4)
  body.writeUInt32LE(2, 8)
  body.write('aa', 16)
  const batch = {
    rows: 2,
    nodes: [{ length: 2, nullCount: 0 }],
    buffers: [
      { offset: 0, length: 0 },
      { offset: 0, length: 12 },
      { offset: 16, length: 2 },
    ],
    compression: null,
    variadicCounts: [],
  }
  const header = encodeDictionary(0n, false, batch, body.length)
  const log = encodeDictionaryLog([{ row: 0, id: 0n, isDelta: false, header, body }])
  return deflateRawSync(log).toString('base64')
}

function indicesOf(frames: readonly Frame[]): number[] {
  return frames.flatMap(({ kind, header, body }) => {
    const message = parseMessage(header)
    if (kind !== 'batch' || message.kind !== 'batch') return []
    const { offset, length } = message.batch.buffers[1] ?? assert.fail()
    return Array.from(Buffer.concat(body).subarray(offset, offset + length))
  })
}

async function hasValues(frames: readonly Frame[]): Promise<void> {
  assert.deepEqual(valuesOf(await tableOf(schema, frames), 'c'), Array(ROWS).fill('a'))
}
