// Goal: of a stream of any length its first and last rows are shown, with the dictionaries they were sent with, and
// little of it is held. Method: frames of apache-arrow, spliced where a stream replaces a dictionary.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as arrow from 'apache-arrow'
import { type Frame, readIpcStream } from '../../../flight/index.ts'
import { writeIpcFile } from '../../../src/cli/ipc-file.ts'
import { Preview } from '../../../src/cli/preview.ts'

async function framesOf(table: arrow.Table): Promise<Frame[]> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield arrow.tableToIPC(table, 'stream')
  }
  const frames: Frame[] = []
  for await (const frame of readIpcStream(bytes())) frames.push(frame)
  return frames
}

async function render([schema, ...frames]: readonly Frame[], rowsMax: number): Promise<string[]> {
  assert.ok(schema)
  const preview = new Preview(schema, rowsMax)
  for (const frame of frames) preview.add(frame)
  return (await preview.render(Number.POSITIVE_INFINITY)).slice(3)
}

/** A table of one column with a dictionary, always of the same id. */
function symbols(values: readonly string[]): arrow.Table {
  const type = new arrow.Dictionary(new arrow.Utf8(), new arrow.Int32(), 7)
  return new arrow.Table({ symbol: arrow.vectorFromArray(values, type) })
}

/** Batches of one column, 0 up to the sum of the sizes. */
async function numbers(...sizes: number[]): Promise<Frame[]> {
  let next = 0
  const parts: Frame[] = []
  for (const size of sizes) {
    const value = Int32Array.from({ length: size }, () => next++)
    const [schema, ...batches] = await framesOf(arrow.tableFromArrays({ value }))
    if (parts.length === 0 && schema !== undefined) parts.push(schema)
    parts.push(...batches)
  }
  return parts
}

test('few rows are all shown, in one batch or many', async () => {
  const expected = ['    0', '    1', '    2', '    3', '    4', '5 rows, 1 column']
  assert.deepEqual(await render(await numbers(5), 6), expected)
  assert.deepEqual(await render(await numbers(5), 5), expected)
  assert.deepEqual(await render(await numbers(1, 1, 1, 1, 1), 5), expected)
  assert.deepEqual(await render(await numbers(4, 1), 6), expected)
})

test('of many rows the first and the last are shown', async () => {
  const expected = ['    0', '    1', '    2', '    …', '   98', '   99', '100 rows (5 shown), 1 column']
  assert.deepEqual(await render(await numbers(100), 5), expected)
  assert.deepEqual(await render(await numbers(2, 97, 1), 5), expected)
  assert.deepEqual(await render(await numbers(...Array.from({ length: 100 }, () => 1)), 5), expected)
})

test('no row is shown where none is wanted, and one where one is', async () => {
  assert.deepEqual(await render(await numbers(3), 0), ['    …', '3 rows (0 shown), 1 column'])
  assert.deepEqual(await render(await numbers(3), 1), ['    0', '    …', '3 rows (1 shown), 1 column'])
})

test('rows are read with the dictionary that was in force', async () => {
  const [schema, ...first] = await framesOf(symbols(['BTC', 'ETH']))
  const [, ...second] = await framesOf(symbols(['EUR', 'USD', 'GBP']))
  assert.ok(schema)
  const frames = [schema, ...first, ...second]
  assert.deepEqual(await render(frames, 40), ['BTC', 'ETH', 'EUR', 'USD', 'GBP', '5 rows, 1 column'])
  assert.deepEqual(await render(frames, 2), ['BTC', '…', 'GBP', '5 rows (2 shown), 1 column'])
})

test('a stream without columns has rows', async () => {
  const schema = new arrow.Schema([])
  const batch = new arrow.RecordBatch(
    schema,
    arrow.makeData({ type: new arrow.Struct([]), length: 3, children: [] }),
  )
  const frames = await framesOf(new arrow.Table(schema, [batch]))
  const [first, ...rest] = frames
  assert.ok(first)
  const preview = new Preview(first, 4)
  for (const frame of rest) preview.add(frame)
  assert.deepEqual(await preview.render(80), ['3 rows, 0 columns'])
})

test('an IPC file leaves a repeated dictionary out and refuses one that changes', async () => {
  const write = async (frames: readonly Frame[]): Promise<Buffer> => {
    async function* source(): AsyncGenerator<Frame> {
      yield* frames
    }
    const chunks: Uint8Array[] = []
    for await (const chunk of writeIpcFile(source())) chunks.push(chunk)
    return Buffer.concat(chunks)
  }
  const once = await framesOf(symbols(['BTC', 'ETH']))
  const other = await framesOf(symbols(['EUR']))
  const repeated = arrow.tableFromIPC(await write([...once, ...once.slice(1)]))
  assert.deepEqual([...(repeated.getChild('symbol') ?? [])], ['BTC', 'ETH', 'BTC', 'ETH'])
  await assert.rejects(write([...once, ...other.slice(1)]), { code: 'TYPE_UNSUPPORTED' })
})
