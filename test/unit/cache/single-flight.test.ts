// Goal: however many ask for a key, it is loaded once, each reader gets every frame once and in order at its own
// pace, and no reader makes the server hold more than a share.
// Method: sources that count how often they were started and how far they were pulled.
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { Frame } from '../../../flight/frame.ts'
import { SternaError } from '../../../src/errors.ts'
import {
  type FrameSource,
  SingleFlight,
  type SingleFlightOptions,
} from '../../../src/store/cache/single-flight.ts'
import { batchFrame } from './support.ts'

const FRAME_BYTES = 100

test('one reader gets all frames, and the cache gets them too', async () => {
  const { flight } = makeFlight()
  const source = countingSource(5)
  assert.deepEqual(await rowsOf(flight.read('a', source)), [0, 1, 2, 3, 4])
  assert.deepEqual(source.loaded, [[0, 1, 2, 3, 4]])
  assert.deepEqual(flight.stats(), { loads: 0, bytes: 0 })
})

test('readers of one key share one load, readers of another have their own', async () => {
  const { flight } = makeFlight()
  const [a, b] = [countingSource(20), countingSource(3)]
  const reads = [
    ...Array.from({ length: 10 }, () => rowsOf(flight.read('a', a))),
    rowsOf(flight.read('b', b)),
  ]
  const rows = await Promise.all(reads)
  assert.ok(rows.slice(0, 10).every((got) => got.length === 20))
  assert.deepEqual([a.starts, b.starts, rows[10]], [1, 1, [0, 1, 2]])
})

test('a late reader gets the frames made before it came, then follows', async () => {
  const { flight } = makeFlight()
  const source = countingSource(6)
  const first = flight.read('a', source)
  await take(first, 3)
  const late = flight.read('a', source)
  assert.deepEqual(await take(late, 2), [0, 1])
  assert.equal(source.pulls, 3)
  assert.deepEqual(await rowsOf(first), [3, 4, 5])
  assert.deepEqual(await rowsOf(late), [2, 3, 4, 5])
  assert.equal(source.starts, 1)
})

test('the load goes at the pace of the fastest reader and no faster', async () => {
  const { flight } = makeFlight()
  const source = countingSource(10)
  const [fast, slow] = [flight.read('a', source), flight.read('a', source)]
  await take(slow, 1)
  await take(fast, 7)
  assert.equal(source.pulls, 7)
  assert.deepEqual(await rowsOf(slow), [1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.deepEqual(await rowsOf(fast), [7, 8, 9])
})

test('an empty dataset is loaded too', async () => {
  const { flight } = makeFlight()
  const source = countingSource(0)
  assert.deepEqual(await rowsOf(flight.read('a', source)), [])
  assert.deepEqual(source.loaded, [[]])
})

test('an error reaches every reader once, after the frames before it, and the next reader starts anew', async () => {
  const { flight } = makeFlight()
  const source = countingSource(5, { failAt: 2 })
  const reads = [flight.read('a', source), flight.read('a', source), flight.read('a', source)]
  for (const read of reads) assert.deepEqual(await take(read, 2), [0, 1])
  for (const read of reads) {
    await assert.rejects(read.next(), /failed at 2/)
    assert.deepEqual(await read.next(), { done: true, value: undefined })
  }
  await assert.rejects(rowsOf(flight.read('a', source)), /failed at 2/)
  assert.equal(source.starts, 2)
  assert.deepEqual([source.loaded, flight.stats()], [[], { loads: 0, bytes: 0 }])
})

test('the load is cancelled when its last reader leaves, not before', async () => {
  const { flight } = makeFlight()
  const source = countingSource(10)
  const [one, other] = [flight.read('a', source), flight.read('a', source)]
  await take(one, 2)
  await take(other, 1)
  await one.return()
  assert.deepEqual([source.aborts, flight.stats().loads], [0, 1])
  await other.return()
  assert.deepEqual([source.aborts, source.ends], [1, 1])
  assert.deepEqual([source.loaded, flight.stats()], [[], { loads: 0, bytes: 0 }])
})

test('an aborted reader leaves at once, also while it waits; the others go on', async () => {
  const { flight } = makeFlight()
  const gate = deferred()
  const source = countingSource(4, { gate: gate.promise })
  const controller = new AbortController()
  const leaving = rowsOf(flight.read('a', source, controller.signal))
  const staying = rowsOf(flight.read('a', source))
  await Promise.resolve()
  controller.abort()
  await assert.rejects(leaving, { code: 'CANCELLED' })
  gate.resolve()
  assert.deepEqual(await staying, [0, 1, 2, 3])
  assert.equal(source.aborts, 0)
})

test('a reader that is aborted before it starts loads nothing', async () => {
  const { flight } = makeFlight()
  const source = countingSource(4)
  await assert.rejects(rowsOf(flight.read('a', source, AbortSignal.abort())), { code: 'CANCELLED' })
  const tooLate = AbortSignal.abort(new SternaError('DEADLINE_EXCEEDED', 'Too late'))
  await assert.rejects(rowsOf(flight.read('a', source, tooLate)), { code: 'DEADLINE_EXCEEDED' })
  assert.equal(source.pulls, 0)
  assert.deepEqual(flight.stats(), { loads: 0, bytes: 0 })
})

test('a dataset that is known to be too large is read by each alone, and nothing of it is held', async () => {
  const { flight } = makeFlight({ loadBytesMax: 5 * FRAME_BYTES })
  const source = countingSource(10, { bytesExpected: 10 * FRAME_BYTES })
  const [one, other] = [flight.read('a', source), flight.read('a', source)]
  await take(one, 8)
  assert.equal(flight.stats().bytes, 0)
  assert.deepEqual((await rowsOf(other)).length, 10)
  assert.deepEqual(await rowsOf(one), [8, 9])
  assert.deepEqual([source.starts, source.loaded], [2, []])
})

test('a load that grows too large is left to its fastest reader; the others go on alone, each with every frame', async () => {
  const { flight } = makeFlight({ loadBytesMax: 3 * FRAME_BYTES })
  const source = countingSource(10)
  const reads = [flight.read('a', source), flight.read('a', source), flight.read('a', source)] as const
  for (const read of reads) await take(read, 1)
  assert.deepEqual(await rowsOf(reads[0]), [1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.equal(source.starts, 1)
  assert.ok(flight.stats().bytes <= 4 * FRAME_BYTES)
  assert.deepEqual(await rowsOf(reads[1]), [1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.deepEqual(await rowsOf(reads[2]), [1, 2, 3, 4, 5, 6, 7, 8, 9])
  assert.deepEqual([source.starts, source.loaded, flight.stats()], [3, [], { loads: 0, bytes: 0 }])
})

test('a reader that comes after a load grew too large has its own', async () => {
  const { flight } = makeFlight({ loadBytesMax: 2 * FRAME_BYTES })
  const source = countingSource(6)
  const first = flight.read('a', source)
  await take(first, 4)
  const second = flight.read('a', source)
  await take(second, 1)
  assert.equal(source.starts, 2)
  assert.deepEqual(
    [await rowsOf(first), await rowsOf(second)],
    [
      [4, 5],
      [1, 2, 3, 4, 5],
    ],
  )
})

test('all loads together hold no more than their share, and a frame each', async () => {
  const { flight } = makeFlight({ loadBytesMax: 10 * FRAME_BYTES, bytesMax: 12 * FRAME_BYTES })
  const reads = ['a', 'b', 'c', 'd'].map((key) => flight.read(key, countingSource(9)))
  for (let pull = 0; pull < 8; pull++) {
    for (const read of reads) await take(read, 1)
    assert.ok(flight.stats().bytes <= (12 + 4) * FRAME_BYTES, `${flight.stats().bytes}`)
  }
  for (const read of reads) assert.deepEqual(await rowsOf(read), [8])
  assert.equal(flight.stats().bytes, 0)
})

test('the fastest reader of a load that grew too large cancels it by leaving', async () => {
  const { flight } = makeFlight({ loadBytesMax: FRAME_BYTES })
  const source = countingSource(10)
  const reader = flight.read('a', source)
  await take(reader, 5)
  await reader.return()
  assert.deepEqual([source.aborts, source.ends], [1, 1])
})

test('warming loads without a reader, and readers join it', async () => {
  const { flight } = makeFlight()
  const gate = deferred()
  const source = countingSource(4, { gate: gate.promise })
  const warm = flight.warm('a', source)
  const reader = flight.read('a', source)
  const first = reader.next()
  gate.resolve()
  await first
  await reader.return()
  assert.equal(await warm, true)
  assert.deepEqual([source.starts, source.loaded], [1, [[0, 1, 2, 3]]])
})

test('warming what is too large stops and says so', async () => {
  const { flight } = makeFlight({ loadBytesMax: 2 * FRAME_BYTES })
  const known = countingSource(100, { bytesExpected: 100 * FRAME_BYTES })
  assert.deepEqual([await flight.warm('a', known), known.starts], [false, 0])
  const unknown = countingSource(100)
  assert.deepEqual([await flight.warm('b', unknown), unknown.pulls], [false, 3])
  await new Promise(setImmediate)
  assert.deepEqual([unknown.aborts, unknown.ends], [1, 1])
  assert.deepEqual(flight.stats(), { loads: 0, bytes: 0 })
})

test('whoever asks within onLoaded, or after it, finds no load', async () => {
  const seen: number[] = []
  const { flight } = makeFlight()
  await rowsOf(flight.read('a', { ...countingSource(2), onLoaded: () => seen.push(flight.stats().loads) }))
  assert.deepEqual([seen, flight.stats().loads], [[1], 0])
})

test('whatever the order in which readers read, stay and leave, each gets the frames in order', async () => {
  const steps = fc.array(
    fc.record({ reader: fc.nat(4), action: fc.constantFrom('next', 'next', 'next', 'next', 'leave') }),
    { maxLength: 60 },
  )
  await fc.assert(
    fc.asyncProperty(fc.nat(12), fc.integer({ min: 1, max: 14 }), steps, async (frames, framesMax, plan) => {
      const { flight } = makeFlight({ loadBytesMax: framesMax * FRAME_BYTES })
      const source = countingSource(frames)
      const readers = Array.from({ length: 5 }, () => flight.read('a', source))
      const got = readers.map((): number[] => [])
      const left = new Set<number>()
      const pending: Promise<unknown>[] = []
      for (const { reader, action } of plan) {
        if (action === 'leave') {
          left.add(reader)
          pending.push(readers[reader]?.return() ?? Promise.resolve())
        } else {
          const next = readers[reader]?.next().then((result) => {
            if (result.done !== true) got[reader]?.push(result.value.rows)
          })
          pending.push(next ?? Promise.resolve())
        }
      }
      await Promise.all(pending)
      await Promise.all(
        readers.map(async (reader, index) => left.has(index) || got[index]?.push(...(await rowsOf(reader)))),
      )
      got.forEach((rows, index) => {
        const expected = Array.from({ length: frames }, (_, row) => row)
        assert.deepEqual(rows, left.has(index) ? expected.slice(0, rows.length) : expected)
      })
      assert.deepEqual(flight.stats(), { loads: 0, bytes: 0 })
      assert.equal(source.ends, source.begins)
    }),
  )
})

interface CountingSource extends FrameSource {
  starts: number
  begins: number
  pulls: number
  aborts: number
  ends: number
  /** The rows of the frames of each load that was held. */
  readonly loaded: number[][]
}

/** Frames whose rows are their numbers. */
function countingSource(
  count: number,
  options: { failAt?: number; gate?: Promise<void>; bytesExpected?: number } = {},
): CountingSource {
  const source: CountingSource = {
    starts: 0,
    begins: 0,
    pulls: 0,
    aborts: 0,
    ends: 0,
    loaded: [],
    onLoaded: (frames) => source.loaded.push(frames.map(({ rows }) => rows)),
    bytesExpected: options.bytesExpected ?? null,
    start: (signal) => {
      source.starts++
      return produce(signal)
    },
  }
  async function* produce(signal: AbortSignal): AsyncGenerator<Frame, void> {
    source.begins++
    let isDone = false
    try {
      await options.gate
      for (let index = 0; index < count; index++) {
        if (index === options.failAt) throw new Error(`failed at ${index}`)
        source.pulls++
        yield batchFrame(FRAME_BYTES, index)
      }
      isDone = true
    } finally {
      source.ends++
      if (!isDone && signal.aborted) source.aborts++
    }
  }
  return source
}

function makeFlight(options: Partial<SingleFlightOptions> = {}): { flight: SingleFlight } {
  return { flight: new SingleFlight({ loadBytesMax: 1_000_000, bytesMax: 10_000_000, ...options }) }
}

async function rowsOf(frames: AsyncGenerator<Frame, void>): Promise<number[]> {
  const rows: number[] = []
  for await (const frame of frames) rows.push(frame.rows)
  return rows
}

async function take(frames: AsyncGenerator<Frame, void>, count: number): Promise<number[]> {
  const rows: number[] = []
  while (rows.length < count) {
    const next = await frames.next()
    if (next.done === true) throw new Error(`ended after ${rows.length} of ${count} frames`)
    rows.push(next.value.rows)
  }
  return rows
}

function deferred(): { promise: Promise<void>; resolve: () => void } {
  let resolve = (): void => undefined
  const promise = new Promise<void>((done) => {
    resolve = done
  })
  return { promise, resolve: () => resolve() }
}
