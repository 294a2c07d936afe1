/**
 * Goal: no IPC bytes of a client can make us throw anything but a WireError, hang or leave the body.
 * Method: random bytes and golden messages with a few bytes changed, at every reader and check, then at slices and a
 * plain reader of values; random schemas go round trip. Each property has five seconds.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type ArrowType,
  checkBatch,
  checkOffsets,
  decapsulate,
  encodeSchema,
  type Field,
  type Frame,
  makeFrame,
  parseMessage,
  parseSchema,
  readIpcStream,
  rowCount,
  type Schema,
  schemasEqual,
  sliceFrame,
  splitFrame,
  WireError,
} from '../../flight/index.ts'
import { collect, goldenBytes, goldenFrames, goldenNames, once } from '../unit/flight/golden.ts'
import { type Dictionaries, readValues } from '../unit/flight/values.ts'

const timeBox = { numRuns: 20_000, interruptAfterTimeLimit: 5000, markInterruptAsFailure: false }

interface Edit {
  at: number
  value: number
}

const edits = fc.array(
  fc.record({ at: fc.nat(8191), value: fc.oneof(fc.nat(255), fc.constantFrom(0, 1, 127, 128, 255)) }),
  {
    minLength: 1,
    maxLength: 4,
  },
)

function edited(bytes: Uint8Array, changes: readonly Edit[]): Uint8Array {
  const copy = Uint8Array.from(bytes)
  for (const { at, value } of changes) copy[at % (copy.length || 1)] = value
  return copy
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof WireError) return undefined
    throw error
  }
}

/** The golden streams, each with its schema and one batch. */
const streams: { name: string; schema: Schema; frames: Frame[] }[] = []
for (const name of goldenNames) {
  const frames = await goldenFrames(name)
  if (frames[0] !== undefined) streams.push({ name, schema: parseSchema(frames[0].header), frames })
}

const anyFrame = fc.constantFrom(
  ...streams.flatMap(({ frames, ...rest }) => frames.map((frame) => ({ ...rest, frame }))),
)

test('a changed header gives a schema, a message or a WireError', () => {
  fc.assert(
    fc.property(anyFrame, edits, ({ frame }, changes) => {
      const header = edited(frame.header, changes)
      attempt(() => encodeSchema(parseSchema(header)))
      attempt(() => parseMessage(header))
      attempt(() => rowCount(header))
      attempt(() => makeFrame(header, frame.body))
    }),
    timeBox,
  )
})

test('random bytes give a schema, a message or a WireError', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      attempt(() => parseSchema(bytes))
      attempt(() => parseMessage(bytes))
      attempt(() => decapsulate(bytes))
    }),
    timeBox,
  )
})

test('a batch that passes the checks can be sliced and its values be read, whatever was changed', () => {
  fc.assert(
    fc.property(
      anyFrame,
      edits,
      edits,
      fc.nat(2),
      fc.nat(40),
      fc.nat(40),
      (item, a, b, where, start, count) => {
        const { schema, frame } = item
        const header = where === 0 ? frame.header : edited(frame.header, a)
        const body = where === 1 ? Buffer.concat(frame.body) : edited(Buffer.concat(frame.body), b)
        const message = attempt(() => {
          const read = parseMessage(header)
          checkBatch(read, schema, body.length)
          checkOffsets(read, body, schema)
          return read
        })
        if (message === undefined || message.kind === 'schema' || message.batch.compression !== null) return
        // A null type has no buffers, so that any number of rows is true of it; reading them takes long.
        if (message.batch.nodes.some((node) => node.length > 10_000)) return
        const changed = makeFrame(header, [body])
        readValues(changed, schema, everything)
        if (changed.kind !== 'batch') return
        const rowStart = Math.min(start, changed.rows)
        const rowEnd = Math.min(rowStart + count, changed.rows)
        readValues(sliceFrame(changed, schema, rowStart, rowEnd), schema, everything)
        splitFrame(changed, schema, 512)
      },
    ),
    timeBox,
  )
})

/** A dictionary for every id, so that reading stops nowhere. */
const everything: Dictionaries = new Map()

test('a changed stream gives frames or a WireError', async () => {
  const bytes = goldenNames.map(goldenBytes)
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...bytes), edits, async (stream, changes) => {
      try {
        await collect(readIpcStream(once(edited(stream, changes))))
      } catch (error) {
        if (!(error instanceof WireError)) throw error
      }
    }),
    timeBox,
  )
})

/** A record with the prototype that parsed ones have, so that both are deeply equal. */
function plain<T>(model: { [K in keyof T]: fc.Arbitrary<T[K]> }): fc.Arbitrary<T> {
  return fc.record(model, { noNullPrototype: true })
}

const leafType: fc.Arbitrary<ArrowType> = fc.oneof(
  fc.constantFrom<ArrowType>(
    ...(
      ['null', 'bool', 'utf8', 'largeUtf8', 'utf8View', 'binary', 'largeBinary', 'binaryView'] as const
    ).map((kind) => ({ kind })),
  ),
  plain({
    kind: fc.constant('int' as const),
    bitWidth: fc.constantFrom(8 as const, 16 as const, 32 as const, 64 as const),
    signed: fc.boolean(),
  }),
  plain({
    kind: fc.constant('timestamp' as const),
    unit: fc.constantFrom('s' as const, 'ms' as const, 'us' as const, 'ns' as const),
    timezone: fc.option(fc.string({ minLength: 1 })),
  }),
  plain({
    kind: fc.constant('decimal' as const),
    precision: fc.integer({ min: 1, max: 38 }),
    scale: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    bitWidth: fc.constantFrom(128 as const, 256 as const),
  }),
  plain({ kind: fc.constant('fixedSizeBinary' as const), byteWidth: fc.nat(2 ** 31 - 1) }),
)

const { field } = fc.letrec<{ field: Field; node: Pick<Field, 'type' | 'children'> }>((tie) => ({
  field: fc
    .tuple(
      plain({
        name: fc.string({ unit: 'grapheme' }),
        nullable: fc.boolean(),
        dictionary: fc.constant(null),
        metadata: fc.array(fc.tuple(fc.string(), fc.string())).map((pairs) => new Map(pairs)),
      }),
      tie('node'),
    )
    .map(([rest, node]) => ({ ...rest, ...node })),
  node: fc.oneof(
    { maxDepth: 4 },
    leafType.map((type) => ({ type, children: [] })),
    fc
      .array(tie('field'), { maxLength: 3 })
      .map((children) => ({ type: { kind: 'struct' as const }, children })),
    fc.tuple(tie('field')).map((children) => ({ type: { kind: 'largeList' as const }, children })),
    fc.array(tie('field'), { maxLength: 3 }).map((children) => ({
      type: {
        kind: 'union' as const,
        mode: 'dense' as const,
        typeIds: children.map((_, index) => index * 3),
      },
      children,
    })),
  ),
}))

test('a random schema comes back as it was', () => {
  fc.assert(
    fc.property(fc.array(field, { maxLength: 5 }), (fields) => {
      const schema: Schema = { fields, metadata: new Map([['k', 'v']]) }
      const again = parseSchema(encodeSchema(schema))
      assert.deepEqual(again, schema)
      assert.ok(schemasEqual(again, schema))
    }),
    timeBox,
  )
})
