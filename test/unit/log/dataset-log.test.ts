// Goal: what a log has acknowledged is in its file, once and in order, whatever the disk does; what it has refused is not.
// Method: a log over a disk that fails as it is told, and its files read back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Frame } from '../../../flight/index.ts'
import { SternaError } from '../../../src/errors.ts'
import { readSegment } from '../../../src/store/log/segment-reader.ts'
import { FaultyDisk } from '../../support/faulty-disk.ts'
import { testRounds, testSeed } from '../../support/random.ts'
import { type LogFixture, oneBatch, openLog, stream, wire, Writer } from './log-fixture.ts'

/** The sequences that its files hold. */
async function stored({ files }: LogFixture): Promise<number[]> {
  return (await files()).flatMap((bytes) =>
    readSegment(bytes).entries.flatMap(({ frame, sequence }) => (frame.kind === 'batch' ? [sequence] : [])),
  )
}

function visibleRows({ log }: LogFixture): number {
  return log.view().reduce((sum, { rows }) => sum + rows, 0)
}

test('batches that come together share one sync, and are acknowledged in their order', async (t) => {
  const disk = new FaultyDisk()
  const { schemaFrame, frame } = await oneBatch()
  const fixture = await openLog(t, schemaFrame, { disk })
  const writers = Array.from({ length: 8 }, () => new Writer(fixture.log, schemaFrame))
  const rounds = Array.from({ length: 100 }, () => writers).flat()
  const outcomes = await Promise.all(rounds.map((writer) => writer.write(frame)))
  assert.deepEqual(
    outcomes.map((outcome) => outcome?.sequence),
    Array.from({ length: 800 }, (_, i) => i + 1),
  )
  assert.ok(disk.syncs <= 3, `${disk.syncs} syncs`)
  assert.deepEqual(
    await stored(fixture),
    Array.from({ length: 800 }, (_, i) => i + 1),
  )
  assert.equal(visibleRows(fixture), 800 * frame.rows)
})

test('a sync that fails is not tried again: nothing more is acknowledged, and what was is still there', async (t) => {
  const disk = new FaultyDisk()
  const { schemaFrame, frame } = await oneBatch()
  const fixture = await openLog(t, schemaFrame, { disk })
  const writer = new Writer(fixture.log, schemaFrame)
  await writer.write(frame)
  disk.syncError = 'EIO'
  const isLogFailed = { code: 'LOG_FAILED', message: /"ticks".*EIO/ }
  await assert.rejects(writer.write(frame), isLogFailed)
  const { syncs } = disk
  disk.syncError = null
  await assert.rejects(writer.write(frame), isLogFailed)
  assert.equal(disk.syncs, syncs)
  assert.equal(fixture.failures.length, 1)
  assert.deepEqual(await stored(fixture), [1])
  assert.equal(visibleRows(fixture), frame.rows)
})

test(`at whatever byte the disk is full, what does not fit is refused and cut off, and once there is room it goes on (seed ${testSeed})`, async (t) => {
  const streams = ['int64', 'list_of_text', 'dictionary_delta', 'dictionary_replaced']
  let [refused, stayed] = [0, 0]
  const anyRun = fc.record({
    name: fc.constantFrom(...streams),
    room: fc.integer({ min: 0, max: 6_000 }),
    fullRounds: fc.integer({ min: 1, max: 4 }),
  })
  const holds = async ({ name, room, fullRounds }: { name: string; room: number; fullRounds: number }) => {
    const { schemaFrame, frames } = await stream(name)
    const disk = new FaultyDisk()
    const fixture = await openLog(t, schemaFrame, { disk })
    const writer = new Writer(fixture.log, schemaFrame)
    const kept: number[] = []
    const write = async (frame: Frame): Promise<void> => {
      const outcome = await writer.write(frame)
      if (outcome !== null) kept.push(outcome.sequence)
    }
    disk.room = room
    for (let round = 0; round < fullRounds; round += 1) {
      for (const frame of frames) {
        await write(frame).catch((error: unknown) => {
          assert.ok(error instanceof SternaError)
          assert.equal(error.code, 'DISK_FULL')
          refused += 1
        })
      }
    }
    disk.room = Number.POSITIVE_INFINITY
    stayed += kept.length
    for (const frame of frames) await write(frame)
    assert.deepEqual(await stored(fixture), kept)
    assert.deepEqual(
      kept,
      kept.map((_, index) => index + 1),
    )
  }
  await fc.assert(fc.asyncProperty(anyRun, holds), { numRuns: 100 * testRounds, seed: testSeed })
  assert.ok(refused > 0 && stayed > 0, `${refused} refused, ${stayed} stayed`)
})

test('a file that can be neither written nor cut stops the log', async (t) => {
  const disk = new FaultyDisk()
  const { schemaFrame, frame } = await oneBatch()
  const fixture = await openLog(t, schemaFrame, { disk })
  const writer = new Writer(fixture.log, schemaFrame)
  await writer.write(frame)
  disk.room = 100
  disk.truncateError = 'EIO'
  await assert.rejects(writer.write(frame), { code: 'LOG_FAILED' })
  disk.room = Number.POSITIVE_INFINITY
  await assert.rejects(writer.write(frame), { code: 'LOG_FAILED' })
  assert.deepEqual(await stored(fixture), [1])
})

test('writers with other dictionaries each mean their own, and the same ones are stored once', async (t) => {
  const { schemaFrame, frames } = await stream('dictionary_replaced')
  const fixture = await openLog(t, schemaFrame)
  const [one, two] = [new Writer(fixture.log, schemaFrame), new Writer(fixture.log, schemaFrame)]
  const dictionaries = frames.filter(({ kind }) => kind === 'dictionary')
  const batches = frames.filter(({ kind }) => kind === 'batch')
  const [a, b] = dictionaries
  const [batch] = batches
  assert.ok(a && b && batch)
  void one.write(a)
  void two.write(b)
  for (const writer of [one, one, two, one, two, two]) await writer.write(batch)
  const [bytes = Buffer.alloc(0)] = await fixture.files()
  const expected = [a, batch, batch, b, batch, a, batch, b, batch, batch].map(wire)
  assert.deepEqual(
    readSegment(bytes).entries.map(({ frame }) => wire(frame)),
    expected,
  )
})

test('a batch that comes again under its id is stored once, also while the first is on its way', async (t) => {
  const { schemaFrame, frame } = await oneBatch()
  const fixture = await openLog(t, schemaFrame, { idsMax: 2 })
  const writer = new Writer(fixture.log, schemaFrame)
  const together = await Promise.all([writer.write(frame, { id: 'a' }), writer.write(frame, { id: 'a' })])
  const { rows } = frame
  assert.deepEqual(together, [
    { sequence: 1, rows, isRepeated: false },
    { sequence: 1, rows, isRepeated: true },
  ])
  await writer.write(frame, { id: 'b' })
  assert.deepEqual(await writer.write(frame, { id: 'a' }), { sequence: 1, rows, isRepeated: true })
  await writer.write(frame, { id: 'c' })
  // Of a window of two ids the oldest is forgotten.
  assert.deepEqual(await writer.write(frame, { id: 'a' }), { sequence: 4, rows, isRepeated: false })
  assert.deepEqual(await stored(fixture), [1, 2, 3, 4])
})

test('with durability interval the disk follows later, with none it is never asked', async (t) => {
  const { schemaFrame, frame } = await oneBatch()
  const lazy = new FaultyDisk()
  await new Writer((await openLog(t, schemaFrame, { disk: lazy })).log, schemaFrame).write(frame, {
    durability: 'none',
  })
  const disk = new FaultyDisk()
  const { log } = await openLog(t, schemaFrame, { disk })
  await new Writer(log, schemaFrame).write(frame, { durability: 'interval' })
  while (disk.syncs === 0) await new Promise((resolve) => setTimeout(resolve, 1))
  assert.equal(lazy.syncs, 0)
})

test('appends go on in a new file while the sealed one becomes a part', async (t) => {
  const { schemaFrame, frames } = await stream('dictionary_delta')
  const fixture = await openLog(t, schemaFrame)
  const writer = new Writer(fixture.log, schemaFrame)
  for (const frame of frames) await writer.write(frame)
  const before = fixture.log.view()
  await fixture.log.seal()
  for (const frame of frames) await writer.write(frame)
  const batches = frames.filter(({ kind }) => kind === 'batch')
  const flushed = fixture.log.dropThrough(batches.length)
  assert.deepEqual(
    flushed.map((path) => path.slice(fixture.folder.length)),
    ['/1.log'],
  )
  const [, second = Buffer.alloc(0)] = await fixture.files()
  const read = readSegment(second)
  assert.equal(read.damaged, 0)
  assert.deepEqual(
    read.entries.flatMap(({ frame, sequence }) => (frame.kind === 'batch' ? [sequence] : [])),
    batches.map((_, index) => batches.length + index + 1),
  )
  // Whoever pinned the state before still has its rows.
  assert.equal(before[0]?.frames.slice(0, before[0].frameCount).length, frames.length)
})
