// Goal: a log file gives back exactly what was written, and of a damaged one exactly what is intact.
// Method: real files of a log, read whole, cut off at every byte, and with every byte changed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Frame, parseMessage } from '../../../flight/index.ts'
import { encodeRecordHead, scanRecords } from '../../../src/store/log/record.ts'
import { readSegment, type SegmentContent } from '../../../src/store/log/segment-reader.ts'
import { openLog, stream, wire, withMetadata, Writer } from './log-fixture.ts'
import type { TestContext } from 'node:test'

/** The batches of a stream as one log file. */
async function fileOf(t: TestContext, name: string): Promise<{ bytes: Buffer; frames: Frame[] }> {
  const { schemaFrame, frames } = await stream(name)
  const { log, files } = await openLog(t, schemaFrame)
  const writer = new Writer(log, schemaFrame)
  for (const frame of frames) await writer.write(frame)
  const [bytes] = await files()
  return { bytes: bytes ?? Buffer.alloc(0), frames }
}

function batches(content: SegmentContent): { sequence: number; wire: string }[] {
  return content.entries
    .filter(({ frame }) => frame.kind === 'batch')
    .map(({ sequence, frame }) => ({ sequence, wire: wire(frame) }))
}

for (const name of ['int64', 'dictionary_delta', 'dictionary_replaced', 'list_of_text', 'ticks_zstd']) {
  test(`a log file of ${name} can be read alone and gives back every message`, async (t) => {
    const { bytes, frames } = await fileOf(t, name)
    const content = readSegment(bytes)
    assert.deepEqual(
      content.entries.map(({ frame }) => wire(frame)),
      frames.map(wire),
    )
    assert.deepEqual(content.head, { format: 1, schema: 'main', key: 'ticks', table: 'catalog/7' })
    assert.deepEqual([content.end, content.damaged, content.unreadable], [bytes.length, 0, 0])
    assert.deepEqual(
      batches(content).map(({ sequence }) => sequence),
      frames.filter(({ kind }) => kind === 'batch').map((_, index) => index + 1),
    )
  })
}

test('a file that is cut off anywhere has the records before that', async (t) => {
  const { bytes } = await fileOf(t, 'dictionary_delta')
  const { records } = scanRecords(bytes)
  for (let length = 0; length < bytes.length; length += 1) {
    const whole = records.filter(({ end }) => end <= length)
    const cut = scanRecords(bytes.subarray(0, length))
    assert.equal(cut.records.length, whole.length)
    assert.equal(cut.end, whole.at(-1)?.end ?? 0)
    assert.equal(cut.damaged, 0)
  }
})

for (const name of ['int64', 'dictionary_delta', 'dictionary_replaced']) {
  test(`wherever a byte of a file of ${name} is changed, nothing is read that was not written`, async (t) => {
    const { bytes, frames } = await fileOf(t, name)
    const intact = batches(readSegment(bytes))
    const hasDictionaries = frames.some(({ kind }) => kind === 'dictionary')
    for (let position = 0; position < bytes.length; position += 1) {
      const changed = Buffer.from(bytes)
      changed.writeUInt8(changed.readUInt8(position) ^ (1 << (position % 8)), position)
      const content = readSegment(changed, readSegment(bytes).schema)
      const found = batches(content)
      for (const batch of found) assert.deepEqual(batch, intact[batch.sequence - 1])
      assert.ok(content.damaged > 0 || content.end < bytes.length, `byte ${position}`)
      if (!hasDictionaries) assert.ok(found.length >= intact.length - 1, `byte ${position}`)
      assertMeantAlike(readSegment(bytes), content)
    }
  })
}

/** Asserts that each batch that is left has the dictionaries before it that it had. */
function assertMeantAlike(intact: SegmentContent, changed: SegmentContent): void {
  const meanings = dictionariesOf(intact)
  for (const [sequence, meaning] of dictionariesOf(changed)) assert.equal(meaning, meanings.get(sequence))
}

/** For streams of one dictionary: the last whole one and its deltas, by batch. */
function dictionariesOf({ entries }: SegmentContent): Map<number, string> {
  const meanings = new Map<number, string>()
  let held: Frame[] = []
  for (const { sequence, frame } of entries) {
    if (frame.kind === 'batch') meanings.set(sequence, held.map(wire).join())
    else held = isDelta(frame) ? [...held, frame] : [frame]
  }
  return meanings
}

function isDelta(frame: Frame): boolean {
  const message = parseMessage(frame.header)
  return message.kind === 'dictionary' && message.isDelta
}

test('bytes of a client that look like a record are none, not even in a damaged file', async (t) => {
  const { schemaFrame, frames } = await stream('int64')
  const { log, files } = await openLog(t, schemaFrame)
  const payload = Buffer.from('made up')
  const head = { kind: 'batch', sequence: 99, timeMs: 0, ordinal: 3 } as const
  const forged = Buffer.concat([encodeRecordHead(1, head, [payload]), payload]).toString('latin1')
  const [first] = frames
  assert.ok(first)
  await new Writer(log, schemaFrame).write(withMetadata(first, forged))
  const [bytes = Buffer.alloc(0)] = await files()
  const [, , batch] = scanRecords(bytes).records
  assert.equal(batch?.kind, 'batch')
  bytes.writeUInt8(bytes.readUInt8(bytes.length - 1) ^ 1, bytes.length - 1)
  assert.deepEqual(
    scanRecords(bytes).records.map(({ kind }) => kind),
    ['head', 'schema'],
  )
})
