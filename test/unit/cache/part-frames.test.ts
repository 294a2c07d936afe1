// Goal: whichever parts are in memory and whichever are read, the stream gives each part's batches in order, each behind
// the dictionaries that it was written with, and none of these again while it is in force.
// Method: random streams with dictionaries, replaced and grown, cut at parts and put together in all ways.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { type Frame, makeFrame } from '../../../flight/frame.ts'
import { encodeDictionary } from '../../../flight/ipc/message.ts'
import { type CountedPart, cutAtParts, interleave, joinFrames } from '../../../src/store/cache/part-frames.ts'
import { testSeed } from '../../support/random.ts'
import { batchFrame } from './support.ts'

interface Change {
  readonly id: number
  readonly isDelta: boolean
}

const EMPTY = { rows: 0, nodes: [], buffers: [], compression: null, variadicCounts: [] }

/** A dictionary frame, which a body of its own tells from every other. */
function dictionaryFrame({ id, isDelta }: Change): Frame {
  const message = encodeDictionary(BigInt(id), isDelta, EMPTY, 8)
  return makeFrame(message, [new Uint8Array(8)], { kind: 'dictionary', rows: 0 })
}

/** What each batch is read with: by id the frames that make up its dictionary. */
function readings(frames: readonly Frame[], changes: ReadonlyMap<Frame, Change>): unknown[] {
  const inForce = new Map<number, Frame[]>()
  return frames.flatMap((frame) => {
    const change = changes.get(frame)
    if (change === undefined) return [{ batch: frame, with: new Map(inForce) }]
    inForce.set(change.id, [...(change.isDelta ? (inForce.get(change.id) ?? []) : []), frame])
    return []
  })
}

const batches = fc.array(
  fc.record({
    changes: fc.array(fc.record({ id: fc.nat(2), isDelta: fc.boolean() }), { maxLength: 2 }),
    rows: fc.integer({ min: 1, max: 3 }),
  }),
  { minLength: 1, maxLength: 4 },
)
const parts = fc.array(batches, { minLength: 1, maxLength: 6 })

test(`parts in memory and parts that are read make one stream (seed ${testSeed})`, async () => {
  const run = fc.asyncProperty(parts, fc.infiniteStream(fc.boolean()), async (plan, known) => {
    const changes = new Map<Frame, Change>()
    const whole: Frame[] = []
    const counted = plan.map((part, index): CountedPart => {
      const frames = part.flatMap(({ changes: made, rows }) => {
        const dictionaries = made.map((change) => {
          const frame = dictionaryFrame(change)
          changes.set(frame, change)
          return frame
        })
        return [...dictionaries, batchFrame(16, rows)]
      })
      whole.push(...frames)
      return { dataFileId: index, rows: frames.reduce((sum, { rows }) => sum + rows, 0) }
    })
    const cut = cutAtParts(counted, whole)
    assert.ok(cut)
    const expected = readings(whole, changes)
    assert.deepEqual(readings(joinFrames(cut), changes), expected)

    const pieces = cut.map((piece, index) => (known.next().value ? piece : (counted[index] ?? piece)))
    const isRead = (index: number): boolean => 'rows' in (pieces[index] ?? {})
    // What is read says its own dictionaries, as a stream that was cut from the whole does.
    const read = joinFrames(cut.filter((_, index) => isRead(index)))
    const stream = await collected(interleave(pieces, asRead(read)))
    assert.deepEqual(readings(stream, changes), expected)
    const sent = stream.filter((frame) => changes.has(frame))
    if (pieces.every((_, index) => isRead(index))) assert.equal(new Set(sent).size, sent.length)
  })
  await fc.assert(run, { seed: testSeed })
})

test('dictionaries in force are not sent again', () => {
  const [dictionary, delta] = [
    dictionaryFrame({ id: 0, isDelta: false }),
    dictionaryFrame({ id: 0, isDelta: true }),
  ]
  const [first, second, third] = [batchFrame(16), batchFrame(16), batchFrame(16)]
  const joined = joinFrames([
    { parts: [1], frames: [dictionary, first] },
    { parts: [2], frames: [dictionary, delta, second] },
    { parts: [3], frames: [dictionary, delta, third] },
  ])
  assert.deepEqual(joined, [dictionary, first, delta, second, third])
})

test('rows that the catalog does not know are refused', async () => {
  const frames = [batchFrame(16, 2), batchFrame(16, 3)]
  const partsOf = (...rows: number[]): CountedPart[] =>
    rows.map((n, index) => ({ dataFileId: index, rows: n }))
  for (const wrong of [partsOf(2), partsOf(2, 4), partsOf(3, 2), partsOf(2, 3, 1)]) {
    assert.equal(cutAtParts(wrong, frames), null)
    await assert.rejects(collected(interleave(wrong, asRead(frames))), { code: 'DATA_CORRUPT' })
  }
  assert.equal(cutAtParts(partsOf(2, 3), frames)?.length, 2)
})

test('a reader that leaves ends what is read', async () => {
  const read = asRead([batchFrame(16), batchFrame(16)])
  const stream = interleave(
    [
      { dataFileId: 1, rows: 1 },
      { dataFileId: 2, rows: 1 },
    ],
    read,
  )
  await stream.next()
  await stream.return()
  assert.deepEqual(await read.next(), { done: true, value: undefined })
})

async function* asRead(frames: readonly Frame[]): AsyncGenerator<Frame, void> {
  yield* frames
}

async function collected(frames: AsyncIterable<Frame>): Promise<Frame[]> {
  const all: Frame[] = []
  for await (const frame of frames) all.push(frame)
  return all
}
