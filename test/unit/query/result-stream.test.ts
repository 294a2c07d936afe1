// Goal: a stream gives all rows or rejects, whatever happens on the way, and leaves nothing behind.
// Method: a real DuckDB, with statements that fail at their first, a middle or their last row, and with readers
// that stop, abort or close at each stage; DuckDB itself tells what still runs.
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { after, test } from 'node:test'
import type { Frame } from '../../../flight/frame.ts'
import { SternaError, type ErrorCode } from '../../../src/errors.ts'
import { openTestDuck, run, start, type Started } from '../../support/query-frames.ts'

const lake = await openTestDuck()
const { duck } = lake
const file = path.join(lake.directory, 'rows.parquet')
{
  const connection = await duck.connect()
  await connection.run(
    `COPY (SELECT range AS i, 's' || range AS s, repeat('x', 30) AS t FROM range(3000000)) TO '${file}' (ROW_GROUP_SIZE 100000)`,
  )
  connection.close()
}
after(() => {
  lake.close()
})

const heavy = `SELECT sum(hash(a.range * b.range)) AS v FROM range(10000000) a, range(10000) b`

function isError(code: ErrorCode, message: RegExp): (error: unknown) => boolean {
  return (error) => {
    assert.ok(error instanceof SternaError, String(error))
    assert.equal(error.code, code, error.message)
    assert.match(error.message, message)
    return true
  }
}

/** Reads to the end, or to the error, which comes with the rows before it. */
async function read(started: Started): Promise<{ rows: number; error: unknown }> {
  let rows = 0
  try {
    for await (const frame of started.stream.frames()) rows += frame.rows
    return { rows, error: null }
  } catch (error) {
    return { rows, error }
  }
}

/** How often this process holds the file open, where the system tells. */
function openFiles(): number {
  if (!existsSync('/proc/self/fd')) return 0
  const links = readdirSync('/proc/self/fd').map((name) => {
    try {
      return readlinkSync(`/proc/self/fd/${name}`)
    } catch {
      return ''
    }
  })
  return links.filter((link) => link === file).length
}

test('all rows of a Parquet file arrive in order', async () => {
  const { frames } = await run(duck, `SELECT i FROM '${file}'`)
  let next = 0n
  for (const { body, rows } of frames) {
    const [values] = body
    assert.ok(values !== undefined)
    const numbers = new BigInt64Array(values.buffer, values.byteOffset, rows)
    for (const number of numbers) assert.equal(number, next++)
  }
  assert.equal(next, 3_000_000n)
})

test('a stream that has ended has given its connection back', async () => {
  const started = await start(duck, `SELECT 1`)
  assert.equal(started.isClosed(), false)
  assert.deepEqual(await read(started), { rows: 1, error: null })
  assert.equal(started.isClosed(), true)
})

for (const [place, at] of [
  ['first', 0],
  ['hundredth', 99],
  ['last', 2_999_999],
] as const) {
  test(`a statement that fails at its ${place} row rejects with the reason`, async () => {
    const sql = `SELECT i, CASE WHEN i = ${at} THEN error('broken ' || 'here') END AS e FROM '${file}'`
    const outcome = await start(duck, sql).then(read, (error: unknown) => ({ rows: 0, error }))
    isError('SQL_FAILED', /broken here/)(outcome.error)
    assert.ok(outcome.rows <= at)
  })
}

test('a cast that fails in the last row rejects, and never ends short', async () => {
  const sql = `SELECT i, CASE WHEN i = 2999999 THEN s ELSE '1' END::INTEGER AS v FROM '${file}'`
  const outcome = await start(duck, sql).then(read, (error: unknown) => ({ rows: 0, error }))
  isError('SQL_FAILED', /INT32/)(outcome.error)
  assert.ok(outcome.rows < 3_000_000)
})

test('a statement that breaks after much is sent rejects as well', async () => {
  const sql = `SELECT i, t || t AS a, t || i AS b, CASE WHEN i = 2999999 THEN error('late') END AS e FROM '${file}'`
  const { rows, error } = await read(await start(duck, sql))
  isError('SQL_FAILED', /failed after \d+ rows|late/)(error)
  assert.ok(rows > 1_000_000)
})

test('a page that is broken in the last rows of a file rejects with DATA_CORRUPT', async () => {
  const connection = await duck.connect()
  const pages = await connection.run(
    `SELECT min(data_page_offset) FROM parquet_metadata('${file}') WHERE row_group_id = 29 AND column_id = 0`,
  )
  connection.release()
  const broken = path.join(lake.directory, 'broken.parquet')
  const bytes = readFileSync(file)
  const offset = Number(pages[0]?.[0])
  assert.ok(offset > bytes.byteLength / 2, `page at ${offset} of ${bytes.byteLength}`)
  writeFileSync(broken, bytes.fill(0xff, offset, offset + 64))
  const { rows, error } = await read(await start(duck, `SELECT i FROM '${broken}'`))
  isError('DATA_CORRUPT', /cannot be read as Parquet/)(error)
  assert.ok(rows > 0 && rows < 3_000_000, String(rows))
})

test('a stream that someone interrupts on its connection rejects', async () => {
  const started = await start(duck, `SELECT i, t FROM '${file}'`)
  const frames = started.stream.frames()
  assert.equal((await frames.next()).done, false)
  started.connection.interrupt()
  await assert.rejects(
    async () => {
      for await (const frame of frames) assert.ok(frame.rows > 0)
    },
    isError('SQL_FAILED', /failed after \d+ rows/),
  )
  assert.equal(started.isClosed(), true)
})

test('an abort while the statement computes its first rows cancels it', async () => {
  const abort = new AbortController()
  setTimeout(() => {
    abort.abort()
  }, 30)
  await assert.rejects(start(duck, heavy, { signal: abort.signal }), isError('CANCELLED', /cancelled/))
})

test('an abort before the start runs nothing', async () => {
  await assert.rejects(start(duck, heavy, { signal: AbortSignal.abort() }), isError('CANCELLED', /cancelled/))
})

test('an abort between two frames ends the stream with CANCELLED', async () => {
  const abort = new AbortController()
  const started = await start(duck, `FROM '${file}'`, { signal: abort.signal })
  const frames = started.stream.frames()
  assert.equal((await frames.next()).done, false)
  abort.abort()
  await assert.rejects(
    async () => {
      for await (const frame of frames) assert.ok(frame.rows > 0)
    },
    isError('CANCELLED', /cancelled/),
  )
  assert.equal(started.isClosed(), true)
})

test('an abort closes a stream that no one reads', { timeout: 10_000 }, async () => {
  const abort = new AbortController()
  const started = await start(duck, `FROM '${file}'`, { signal: abort.signal })
  abort.abort()
  while (!started.isClosed()) await new Promise((resolve) => setTimeout(resolve, 1))
  isError('CANCELLED', /cancelled/)((await read(started)).error)
})

test('the last rows are read when the query has given back all it held', async () => {
  const started = await start(duck, 'SELECT 1 AS v')
  const frames = started.stream.frames()
  assert.equal((await frames.next()).done, false)
  assert.equal(started.isClosed(), true)
  assert.equal((await frames.next()).done, true)
})

test('the reason of an abort is what the stream rejects with', async () => {
  const abort = new AbortController()
  const started = await start(duck, `FROM '${file}'`, { signal: abort.signal })
  abort.abort(new SternaError('DEADLINE_EXCEEDED', 'Too late'))
  isError('DEADLINE_EXCEEDED', /Too late/)((await read(started)).error)
})

test('a reader that leaves frees the files and the connection', async () => {
  const started = await start(duck, `FROM '${file}'`)
  for await (const frame of started.stream.frames()) {
    assert.ok(frame.rows > 0)
    break
  }
  assert.equal(started.isClosed(), true)
  assert.equal(openFiles(), 0)
})

test('closing a stream that no one reads frees the files and the connection', async () => {
  const started = await start(duck, `FROM '${file}'`)
  await started.stream.close()
  await started.stream.close()
  assert.equal(started.isClosed(), true)
  assert.equal(openFiles(), 0)
})

test('closing a stream that is being read ends the reader with CANCELLED', async () => {
  const started = await start(duck, `FROM '${file}'`)
  const outcome = read(started)
  await started.stream.close()
  isError('CANCELLED', /closed/)((await outcome).error)
})

test('two readers on two connections do not disturb each other', async () => {
  const outcomes = await Promise.all([
    start(duck, `FROM '${file}'`).then(read),
    start(duck, `FROM '${file}' WHERE i % 2 = 0`).then(read),
    run(duck, 'SELECT 42'),
  ])
  assert.deepEqual(outcomes.slice(0, 2), [
    { rows: 3_000_000, error: null },
    { rows: 1_500_000, error: null },
  ])
})

test('a reader that waits finds the rest as it was', async () => {
  const { stream } = await start(duck, `SELECT i FROM '${file}'`)
  const frames: Frame[] = []
  for await (const frame of stream.frames()) {
    if (frames.length === 2) await new Promise((resolve) => setTimeout(resolve, 50))
    frames.push(frame)
  }
  assert.equal(
    frames.reduce((sum, { rows }) => sum + rows, 0),
    3_000_000,
  )
})

test('others get their turn while a result is read and encoded', async () => {
  const { stream } = await start(duck, `FROM '${file}'`)
  let turns = 0
  let isReading = true
  const count = (): void => {
    turns++
    if (isReading) setImmediate(count)
  }
  setImmediate(count)
  let frames = 0
  for await (const frame of stream.frames()) frames += Number(frame.rows > 0)
  isReading = false
  // A chunk has 2048 rows and is fetched by itself.
  assert.ok(turns > frames)
  assert.ok(turns >= 3_000_000 / 2048)
})
