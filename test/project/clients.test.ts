// Goal: docs/clients.md says of each client what the tests show, and names the versions that they run.
// Method: read the names of the checks from the test programs, and compare them with the lists of the document.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { test } from 'node:test'
import { projectRoot } from '../support/project-root.ts'
import { INTEGRATION_SCENARIOS } from '../support/integration-scenarios.ts'
import { CLIENTS, FEATURES } from './client-features.ts'

function read(file: string): string {
  return readFileSync(path.join(projectRoot, file), 'utf8')
}

const document = read('docs/clients.md')

/** The points of the list under a heading, each with its lines joined. */
function pointsUnder(heading: string): string[] {
  const [, after = ''] = document.split(`### ${heading}\n`)
  const [section = ''] = after.split(/^#/m)
  return section
    .split(/^- /m)
    .slice(1)
    .map((point) => point.trim().replaceAll(/\s+/g, ' ').replaceAll('\\', ''))
}

function matches(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(([, name = '']) => name)
}

test('the document lists every check of the Python drivers, and no other', () => {
  const checks = matches(
    read('test/interop/flight_sql_checks.py'),
    /@check\ndef \w+\(client\):\n {4}"""(.+?)"""/g,
  )
  assert.ok(checks.length > 0)
  assert.deepEqual(pointsUnder('ADBC, polars, pandas and pyarrow'), checks)
})

test('the document lists every check of SQL that writes, and no other', () => {
  const checks = matches(
    read('test/interop/sql_write_checks.py'),
    /@check\ndef \w+\(client\):\n {4}"""(.+?)"""/g,
  )
  assert.ok(checks.length > 0)
  assert.deepEqual(pointsUnder('SQL that writes'), checks)
})

test('the document lists every check of several endpoints, and no other', () => {
  const checks = matches(
    read('test/interop/endpoints_checks.py'),
    /@check\ndef \w+\(client, table\):\n {4}"""(.+?)"""/g,
  )
  assert.ok(checks.length > 0)
  assert.deepEqual(pointsUnder('Several endpoints'), checks)
})

test('the document lists every check of the other ways from Python, and no other', () => {
  const checks = matches(read('test/interop/flight_sql_tools.py'), /@check\ndef \w+\(_\):\n {4}"""(.+?)"""/g)
  assert.ok(checks.length > 0)
  assert.deepEqual(pointsUnder('flightsql-dbapi, SQLAlchemy and DuckDB'), checks)
})

test('the document lists every check of the JDBC driver, and no other', () => {
  const files = ['JdbcChecks', 'JdbcValueChecks', 'JdbcConnectionChecks', 'JdbcWriteChecks']
  const checks = files.flatMap((name) =>
    matches(read(`test/interop/jdbc/${name}.java`), /check\("(.+?)", \(\) ->/g),
  )
  assert.ok(checks.length > 0)
  assert.deepEqual(pointsUnder('JDBC driver'), checks)
})

test('the document says of each scenario of the integration clients whether it passes, or why not', () => {
  const [, after = ''] = document.split('## Scenarios of the integration clients\n')
  const [section = ''] = after.split(/^## /m)
  const rows = matches(section, /^\| (.+?) +\|$/gm).map((row) => row.split(/ +\| +/))
  const expected = INTEGRATION_SCENARIOS.map(({ name, canned }) => [
    name === '' ? '(none)' : `\`${name}\``,
    canned ?? 'passes, with every type',
  ])
  assert.deepEqual(rows.slice(2), expected)
})

test('the document names the versions that the tests run', () => {
  const requirements = read('test/support/requirements.txt')
  for (const [client, name] of [
    ['adbc_driver_flightsql', 'adbc-driver-flightsql'],
    ['polars `read', 'polars'],
    ['pandas `read', 'pandas'],
    ['flightsql-dbapi`', 'flightsql-dbapi'],
    ['SQLAlchemy', 'SQLAlchemy'],
    ['DuckDB', 'duckdb'],
  ] as const) {
    const [version = ''] = matches(requirements, new RegExp(`^${name}==(\\S+)$`, 'gm'))
    const row = document.split('\n').find((line) => line.startsWith('|') && line.includes(client))
    assert.ok(row?.includes(`| ${version} `), `${client} ${version}: ${row ?? 'no row'}`)
  }
  const [jdbc = ''] = matches(
    read('test/interop/jdbc/pom.xml'),
    /jdbc-driver<\/artifactId>\s*<version>(.+?)</g,
  )
  assert.match(document, new RegExp(`JDBC driver +\\| ${jdbc.replaceAll('.', '\\.')} `))
})

test('the table of clients and features is what the tests show', () => {
  const rows = CLIENTS.map(({ client, version: [file, pattern], files, checks }) => {
    for (const check of Object.values(checks)) {
      assert.ok(
        files.some((name) => read(name).includes(check)),
        `${client}: ${check}`,
      )
    }
    const marks = FEATURES.map((feature) => (checks[feature] === undefined ? '' : 'yes'))
    return [client, pattern.exec(read(file))?.[1] ?? 'no version', ...marks]
  })
  const [, section = ''] = document.split('## Which does what\n')
  const found = section
    .split(/^## /m)[0]
    ?.split('\n')
    .filter((line) => line.startsWith('|') && !line.startsWith('| -'))
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    )
  assert.deepEqual(found, [['client', 'version', ...FEATURES], ...rows])
})
