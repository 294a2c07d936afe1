// Goal: a statement waits for so many bytes to be compared and no more; what is beyond is compared after it, and its damage
// remembered. Whoever does not wait any more costs the others nothing.
// Method: sealed files on a real disk, the large ones sparse.
import assert from 'node:assert/strict'
import { mkdir, open } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'
import { LIMITS } from '../../../src/limits.ts'
import { ComparedParts } from '../../../src/store/compared-parts.ts'
import { NodeDisk } from '../../../src/store/disk/node-disk.ts'
import { sealPart } from '../../../src/store/parquet/part-seal.ts'
import type { PinnedPart } from '../../../src/store/parts.ts'
import { openLog } from '../../../src/telemetry/log.ts'
import { eventually } from '../../support/raw-flight.ts'
import { temporaryFolder } from '../parquet/support.ts'

const of = { schema: 'main', key: 'parts' }
const { signal } = new AbortController()

test('a statement waits for a bounded number of bytes, and damage beyond is known to the next one', async (t) => {
  const { folder, parts } = await comparedParts(t)
  const large = await part(folder, 'large.parquet', LIMITS.comparedBytesMax)
  const small = await part(folder, 'small.parquet', 100_000)
  await flip(small)
  assert.equal(await parts.compare([large, small], { signal, isAll: false }), false)
  await eventually(async () => {
    await Promise.resolve()
    assert.equal(parts.damaged, 1)
  })
  assert.throws(() => parts.compare([large, small], { signal, isAll: false }), {
    code: 'DATA_CORRUPT',
    message: /^Part small\.parquet of "parts" is damaged: its bytes from 65536 on/,
  })
  assert.equal(parts.compare([large], { signal, isAll: false }), null)
  parts.forget(small.path)
  assert.equal(parts.damaged, 0)
})

test('damage that another finds first does not end the comparison of what is beyond', async (t) => {
  const { folder, parts } = await comparedParts(t)
  const large = await part(folder, 'large.parquet', LIMITS.comparedBytesMax)
  const next = await part(folder, 'next.parquet', 64 * 1024 * 1024)
  const small = await part(folder, 'small.parquet', 100_000)
  const last = await part(folder, 'last.parquet', 100_000)
  for (const each of [small, last]) await flip(each)
  assert.equal(await parts.compare([large, next, small, last], { signal, isAll: false }), false)
  await assert.rejects(async () => parts.compare([small], { signal, isAll: true }), { code: 'DATA_CORRUPT' })
  await eventually(async () => {
    await Promise.resolve()
    assert.equal(parts.damaged, 2)
  })
})

test('what is written from parts is compared however much it is', async (t) => {
  const { folder, parts } = await comparedParts(t)
  const large = await part(folder, 'large.parquet', LIMITS.comparedBytesMax)
  const small = await part(folder, 'small.parquet', 100_000)
  await flip(small)
  await assert.rejects(async () => parts.compare([large, small], { signal, isAll: true }), {
    code: 'DATA_CORRUPT',
  })
})

test('a statement that is cancelled waits no longer, and the others go on', async (t) => {
  const { folder, parts } = await comparedParts(t)
  const large = await part(folder, 'large.parquet', 64 * 1024 * 1024)
  const abort = new AbortController()
  const cancelled = parts.compare([large], { signal: abort.signal, isAll: false })
  const other = parts.compare([large], { signal, isAll: false })
  abort.abort(new DOMException('gone', 'AbortError'))
  await assert.rejects(async () => cancelled, { code: 'CANCELLED' })
  assert.equal(await other, true)
})

test('a part that is opened for its columns alone, and one in tmp, are not compared', async (t) => {
  const { folder, parts } = await comparedParts(t)
  const gone = { path: join(folder, 'cold', 'gone.parquet'), rows: 0, of }
  const own = { path: join(folder, 'tmp', 'own.parquet'), rows: 1, of }
  assert.equal(parts.compare([gone, own], { signal, isAll: true }), null)
})

test('a part that is missing is told of, and found when it is there again', async (t) => {
  const { folder, parts } = await comparedParts(t)
  const late = { path: join(folder, 'cold', 'late.parquet'), rows: 1, of }
  await assert.rejects(async () => parts.compare([late], { signal, isAll: false }), {
    code: 'DATA_CORRUPT',
    message: 'Part late.parquet of "parts" is missing',
  })
  await part(folder, 'late.parquet', 1_000)
  assert.equal(await parts.compare([late], { signal, isAll: false }), true)
})

async function comparedParts(t: TestContext): Promise<{ folder: string; parts: ComparedParts }> {
  const folder = await temporaryFolder(t)
  await mkdir(join(folder, 'cold'))
  const parts = new ComparedParts({
    disk: new NodeDisk(),
    coldDirectory: join(folder, 'cold'),
    adoptedSum: () => Promise.resolve(undefined),
    log: openLog('silent'),
  })
  t.after(() => parts.close())
  return { folder, parts }
}

/** A file that begins with zeros and ends as Parquet does. */
async function part(folder: string, name: string, dataBytes: number): Promise<PinnedPart> {
  const path = join(folder, 'cold', name)
  const file = await open(path, 'w')
  const end = Buffer.from('a footer....PAR1')
  end.writeUInt32LE(8, 8)
  await file.write(end, 0, end.byteLength, dataBytes)
  await file.close()
  const sealed = await new NodeDisk().open(path, 'update')
  await sealPart(sealed)
  await sealed.close()
  return { path, rows: 1, of }
}

/** Of the second block. */
async function flip({ path }: PinnedPart): Promise<void> {
  const file = await open(path, 'r+')
  await file.write(Uint8Array.of(1), 0, 1, 70_000)
  await file.close()
}
