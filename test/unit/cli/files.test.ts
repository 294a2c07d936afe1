// Goal: every format is read as the right types, whatever comes late in the file, and written so that it reads the
// same again; what cannot be read is named. Method: real files in a temporary folder, printed as tables.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import type { Frame } from '../../../flight/index.ts'
import { CommandError } from '../../../src/cli/failure.ts'
import { formatOf } from '../../../src/cli/formats.ts'
import { Preview } from '../../../src/cli/preview.ts'
import { openInput } from '../../../src/cli/read-file.ts'
import { writeOutput } from '../../../src/cli/write-file.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'sterna-files-'))
after(() => rmSync(folder, { recursive: true }))

function fileWith(name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name)
  writeFileSync(file, content)
  return file
}

/** The file as `sterna get` would print it, without the rule under the heads. */
async function table(file: string, rowsMax = 6): Promise<string[]> {
  const input = await openInput(file, formatOf(file, undefined))
  try {
    let preview: Preview | undefined
    for await (const frame of input.frames) {
      if (frame.kind === 'schema') preview = new Preview(frame, rowsMax)
      else preview?.add(frame)
    }
    const lines = (await preview?.render(Number.POSITIVE_INFINITY)) ?? []
    return lines.filter((line) => !line.startsWith('─')).map((line) => line.trim().replace(/ {2,}/g, ' | '))
  } finally {
    await input.close()
  }
}

async function convert(source: string, target: string): Promise<void> {
  const input = await openInput(source, formatOf(source, undefined))
  try {
    await writeOutput(input.frames, formatOf(target, undefined), target)
  } finally {
    await input.close()
  }
}

/** A CSV file whose value changes its kind far behind the lines that DuckDB looks at. */
function lateCsv(name: string, early: string, late: string): string {
  return fileWith(name, `k,v\n${`1,${early}\n`.repeat(30_000)}2,${late}\n`)
}

test('CSV: delimiter, header and types are found out', async () => {
  const file = fileWith(
    'quotes.csv',
    'ts;symbol;bid;size;day;zoned\n' +
      '2026-02-03 14:30:00.123456;EUR/USD;1.08425;100;2026-02-03;2026-02-03 14:30:00+01:00\n' +
      '2026-02-03T14:30:01;GBP/USD;;200;2026-02-04;2026-02-03 14:30:01+01:00\n',
  )
  assert.deepEqual(await table(file), [
    'ts | symbol | bid | size | day | zoned',
    'timestamp[us] | utf8 | float64 | int64 | date32 | timestamp[us, tz=UTC]',
    '2026-02-03T14:30:00.123456 | EUR/USD | 1.08425 | 100 | 2026-02-03 | 2026-02-03T13:30:00Z',
    '2026-02-03T14:30:01 | GBP/USD | null | 200 | 2026-02-04 | 2026-02-03T13:30:01Z',
    '2 rows, 6 columns',
  ])
})

test('CSV: a fraction after 30,000 whole numbers is kept', async () => {
  const lines = await table(lateCsv('fraction.csv', '5', '5.5'))
  assert.equal(lines[1], 'int64 | float64')
  assert.equal(lines.at(-2), '2 | 5.5')
})

test('CSV: a time after 30,000 dates is kept', async () => {
  const lines = await table(lateCsv('time.csv', '2026-01-01', '2026-01-01 10:00:01'))
  assert.equal(lines[1], 'int64 | timestamp[us]')
  assert.equal(lines.at(-2), '2 | 2026-01-01T10:00:01')
})

test('CSV: nanoseconds are kept, also the first of them after 30,000 lines', async () => {
  const late = await table(lateCsv('ns.csv', '2026-01-01 10:00:00', '2026-01-01 10:00:00.123456789'))
  assert.equal(late[1], 'int64 | timestamp[ns]')
  assert.equal(late.at(-2), '2 | 2026-01-01T10:00:00.123456789')
  const early = await table(fileWith('ns2.csv', 'ts\n2026-01-01 10:00:00.000000001\n'))
  assert.deepEqual(early.slice(1, 3), ['timestamp[ns]', '2026-01-01T10:00:00.000000001'])
})

test('CSV: a text after 30,000 numbers makes the column text', async () => {
  const lines = await table(lateCsv('text.csv', '5', 'n/a'))
  assert.equal(lines[1], 'int64 | utf8')
  assert.equal(lines.at(-2), '2 | n/a')
})

test('CSV: tabs, gzip, and names that look like patterns', async () => {
  assert.deepEqual(await table(fileWith('a.tsv', 'a\tb\n1\tx\n')), [
    'a | b',
    'int64 | utf8',
    '1 | x',
    '1 row, 2 columns',
  ])
  assert.deepEqual((await table(fileWith('a.csv.gz', gzipSync('a,b\n1,x\n'))))[2], '1 | x')
  fileWith('trades1.csv', 'a\n1\n')
  assert.deepEqual((await table(fileWith('trades[1].csv', 'a\n2\n')))[2], '2')
  assert.deepEqual((await table(fileWith('trades*.csv', 'a\n3\n')))[2], '3')
  assert.deepEqual((await table(fileWith("it's 100%?.csv", 'a\n4\n')))[2], '4')
})

test('CSV: a header alone gives columns without rows', async () => {
  assert.deepEqual(await table(fileWith('header.csv', 'a,b\n')), [
    'a | b',
    'utf8 | utf8',
    '0 rows, 2 columns',
  ])
})

test('JSON Lines: types and fields hold for the whole file', async () => {
  const file = fileWith(
    'late.jsonl',
    `${'{"k": 1, "ts": "2026-02-03 14:30:00"}\n'.repeat(30_000)}{"k": 1.5, "ts": "2026-02-03T14:30:01.5", "late": {"a": [1, 2]}}\n`,
  )
  const lines = await table(file)
  assert.equal(lines[0], 'k | ts | late')
  assert.equal(lines[1], 'float64 | timestamp[us] | struct<a: list<item: int64>>')
  assert.equal(lines[2], '1 | 2026-02-03T14:30:00 | null')
  assert.equal(lines.at(-2), '1.5 | 2026-02-03T14:30:01.500000 | {a: [1, 2]}')
})

test('JSON Lines: times are times, with any number of digits, and other texts are not', async () => {
  const file = fileWith(
    'times.jsonl',
    [
      '{"a": "2026-02-03 14:30:00", "b": "2026-02-03T14:30:00Z", "c": "2026-02-03 14:30:00", "d": "2026-02-03", "e": "x"}',
      '{"a": "2026-02-03 14:30:00.5", "b": "2026-02-03T15:30:00.25+01:00", "c": "2026-02-03 14:30:00.123456789"}',
      '{"a": null, "b": null, "c": null, "e": "2026-02-03 14:30:00", "z": "2026-02-03T14:30:00Z"}',
    ].join('\n'),
  )
  assert.deepEqual((await table(file)).slice(1, 4), [
    'timestamp[us] | timestamp[us, tz=UTC] | timestamp[ns] | date32 | utf8 | timestamp[us, tz=UTC]',
    '2026-02-03T14:30:00 | 2026-02-03T14:30:00Z | 2026-02-03T14:30:00 | 2026-02-03 | x | null',
    '2026-02-03T14:30:00.500000 | 2026-02-03T14:30:00.250000Z | 2026-02-03T14:30:00.123456789 | null | null | null',
  ])
})

test('every format reads as what was written', async () => {
  const rows = Array.from({ length: 150_000 }, (_, index) => {
    const time = new Date(1_770_076_800_000 + index).toISOString().slice(0, -1)
    return `${time},S${index % 7},${index % 11 === 0 ? '' : index / 8},${index}\n`
  })
  const source = fileWith('source.csv', `ts,symbol,price,id\n${rows.join('')}`)
  const expected = await table(source, 2000)
  for (const ending of ['csv', 'parquet', 'jsonl', 'arrow', 'arrows']) {
    const target = path.join(folder, `copy.${ending}`)
    await convert(source, target)
    assert.deepEqual(await table(target, 2000), expected, ending)
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => /tmp|sterna/.test(name)),
    [],
  )
})

test('an empty table keeps its columns in every format that names them', async () => {
  const source = fileWith('none.csv', 'a,b\n')
  for (const ending of ['csv', 'parquet', 'arrow', 'arrows']) {
    const target = path.join(folder, `none.${ending}`)
    if (ending !== 'csv') await convert(source, target)
    assert.deepEqual(await table(target), ['a | b', 'utf8 | utf8', '0 rows, 2 columns'], ending)
  }
})

test('what cannot be read is named, with the reason', async () => {
  const wrong = {
    'wrong.parquet': /^\S+wrong\.parquet cannot be read: .*No magic bytes/,
    'wrong.arrow': /^\S+wrong\.arrow cannot be read: Arrow IPC message is malformed/,
    'wrong.arrows': /^\S+wrong\.arrows cannot be read: Arrow IPC message is malformed/,
    'wrong.jsonl': /^\S+wrong\.jsonl cannot be read: .*Malformed JSON/,
  }
  for (const [name, message] of Object.entries(wrong)) {
    await assert.rejects(table(fileWith(name, 'this is no data, {]')), (error) => {
      assert.ok(error instanceof CommandError)
      assert.equal(error.code, 'FILE_UNREADABLE')
      assert.match(error.message, message)
      return true
    })
  }
  await assert.rejects(table(path.join(folder, 'nowhere.csv')), {
    code: 'FILE_UNREADABLE',
    message: `${path.join(folder, 'nowhere.csv')} cannot be read: there is no such file or directory`,
  })
})

test('an output that fails on the way leaves what was there', async () => {
  const target = fileWith('kept.csv', 'as it was')
  async function* failing(): AsyncGenerator<Frame> {
    const input = await openInput(fileWith('three.csv', 'a\n1\n2\n3\n'), 'csv')
    yield* input.frames
    await input.close()
    throw new Error('the connection broke')
  }
  for (const format of ['csv', 'arrow', 'parquet'] as const) {
    await assert.rejects(writeOutput(failing(), format, target), /the connection broke/)
    assert.equal(readFileSync(target, 'utf8'), 'as it was')
  }
  assert.deepEqual(
    readdirSync(folder).filter((name) => /tmp|sterna/.test(name)),
    [],
  )
})

test('an output where none can be is refused', async () => {
  const source = fileWith('one.csv', 'a\n1\n')
  const target = path.join(folder, 'no-such-folder', 'one.arrow')
  await assert.rejects(convert(source, target), {
    code: 'FILE_UNWRITABLE',
    message: `${target} cannot be written: there is no such file or directory`,
  })
  await assert.rejects(convert(source, target.replace('.arrow', '.csv')), { code: 'FILE_UNWRITABLE' })
  assert.equal(existsSync(path.dirname(target)), false)
})
