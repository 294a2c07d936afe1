/**
 * Makes src/query/gate/functions.ts, the functions that SQL from clients may call, from what the pinned DuckDB
 * has less what is denied here with its reason.
 *
 * Run: `npx tsx scripts/generate-gate-functions.ts`; with `--check` it writes nothing and exits 1 where the file
 * differs. After a change of the engine read the difference: a new function is let in unless it is denied here.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { pathToFileURL } from 'node:url'
import { Duck } from '../src/query/duck.ts'

const target = new URL('../src/query/gate/functions.ts', import.meta.url)

/** Names, or patterns of names, of functions without a table that stay out. */
const denied: Readonly<Record<string, RegExp>> = {
  'shows settings, other queries or the text that the gate made':
    /^(current_setting|current_query|current_query_id|current_connection_id|current_transaction_id|txid_current|getvariable|in_search_path|get_block_size)$/,
  'binds or runs SQL given as a text': /^json_(de)?serialize_(sql|plan)$/,
  'changes state or writes': /^(nextval|currval|write_log|parse_duckdb_log_message)$/,
  'holds a thread without work': /^(sleep_ms|pg_sleep)$/,
  'takes the engine’s own representation on trust':
    /^(__internal_.*|combine|finalize|constant_or_null|create_sort_key|icu_sort_key|icu_collate_.*|remap_struct|stats|switch|timetz_byte_comparable|variant_bytes_to_variant|variant_to_parquet_variant|vector_type)$/,
}

/** Of the imitation of PostgreSQL's catalog only what tells nothing of ours. */
const allowedOfPgCatalog = ['pg_size_pretty', 'pg_typeof']

/** Known to the parser and the binder, but not to the catalog. */
const unlisted = ['unlist', 'unnest']

/** Table functions are let in one by one: most of them read files, settings or the catalog. */
const allowedTables = [
  'generate_series',
  'icu_calendar_names',
  'json_each',
  'json_tree',
  'parquet_scan',
  'pg_timezone_names',
  'range',
  'read_parquet',
  'repeat',
  'repeat_row',
  'unnest',
]

/** Depend on the clock although the catalog calls them consistent. */
const clocks = ['age', 'ago', 'current_localtime', 'current_localtimestamp']

const query = `
  SELECT function_name, schema_name, function_type, stability <> 'CONSISTENT', macro_definition
  FROM duckdb_functions() WHERE function_type IN ('scalar', 'aggregate', 'macro', 'table')`

/** The text of src/query/gate/functions.ts. The same engine gives the same bytes. */
export async function generateGateFunctions(): Promise<string> {
  const directory = mkdtempSync(path.join(tmpdir(), 'sterna-functions-'))
  const duck = await Duck.open({
    dataDirectory: directory,
    tempDirectory: path.join(directory, 'spill'),
    allowedDirectories: [],
  })
  const connection = await duck.connect()
  try {
    const [[version] = []] = await connection.run('SELECT version()')
    return sourceOf(version, await connection.run(query))
  } finally {
    connection.close()
    duck.close()
    rmSync(directory, { recursive: true })
  }
}

function sourceOf(version: unknown, rows: readonly (readonly unknown[])[]): string {
  if (typeof version !== 'string') throw new Error('The engine has no version')
  const scalar = new Set(unlisted)
  const volatile = new Set(clocks)
  const several = new Set(unlisted)
  const table = new Set<string>()
  const aggregate = aggregatesOf(rows)
  for (const [written, schema, type, isVolatile, definition] of rows) {
    if (typeof written !== 'string') throw new Error('The engine has a function without a name')
    // The parser folds the names of functions, quoted or not.
    const name = written.toLowerCase()
    if (type === 'table') {
      if (allowedTables.includes(name)) table.add(name)
    } else if (!isDenied(name, schema)) {
      scalar.add(name)
      if (isVolatile === true) volatile.add(name)
      if (String(definition).includes('unnest(')) several.add(name)
    }
  }
  return `// Made by scripts/generate-gate-functions.ts from DuckDB ${version}; do not edit.

/** Scalar and aggregate functions, operators and macros that SQL from clients may call. */
${constant('SCALAR_FUNCTIONS', scalar)}

/** Functions whose result changes although the data do not. */
${constant('VOLATILE_FUNCTIONS', volatile)}

/** Functions that make one value of many rows; a scalar one of the same name counts as such. */
${constant('AGGREGATE_FUNCTIONS', new Set([...aggregate].filter((name) => scalar.has(name))))}

/** Functions that give several rows for one. */
${constant('ROWS_FUNCTIONS', several)}

/** Functions that SQL from clients may call where a table stands. */
${constant('TABLE_FUNCTIONS', table)}
`
}

/** Those that the catalog calls so, and macros that are made of them. */
function aggregatesOf(rows: readonly (readonly unknown[])[]): ReadonlySet<string> {
  const nameOf = (name: unknown): string => String(name).toLowerCase()
  const found = new Set(rows.filter(([, , type]) => type === 'aggregate').map(([name]) => nameOf(name)))
  const macros = rows.filter(([, , type]) => type === 'macro')
  for (let size = -1; size !== found.size;) {
    size = found.size
    for (const [name, , , , definition] of macros) {
      const called =
        String(definition)
          .toLowerCase()
          .match(/[a-z_0-9]+(?=\()/g) ?? []
      if (called.some((word) => found.has(word))) found.add(nameOf(name))
    }
  }
  return found
}

function isDenied(name: string, schema: unknown): boolean {
  if (schema === 'pg_catalog' && !allowedOfPgCatalog.includes(name)) return true
  return Object.values(denied).some((pattern) => pattern.test(name))
}

function constant(name: string, words: ReadonlySet<string>): string {
  const lines: string[] = []
  let line = ' '
  for (const word of [...words].sort()) {
    if (line.length + word.length >= 108) {
      lines.push(line)
      line = ' '
    }
    line += ` ${word}`
  }
  lines.push(line)
  return `export const ${name}: ReadonlySet<string> = new Set(\n  \`\n${lines.join('\n')}\n  \`.match(/\\S+/g),\n)`
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const source = await generateGateFunctions()
  if (!process.argv.includes('--check')) writeFileSync(target, source)
  else if (readFileSync(target, 'utf8') !== source) {
    console.error('src/query/gate/functions.ts is not what scripts/generate-gate-functions.ts makes')
    process.exitCode = 1
  }
}
