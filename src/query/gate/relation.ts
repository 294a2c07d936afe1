import type { PinnedDataset, PinnedPart } from '../../store/parts.ts'
import { quoteName, quoteText } from '../duckdb.ts'
import { rollupQuery } from '../rollup/relation.ts'
import { parquetSql, storageOf } from '../storage-types.ts'
import { FRAMES_FUNCTION, type CallUse, type ListUse } from './analysis.ts'
import { escapeGlob } from './glob.ts'
import { type ListedTable, MAIN_SCHEMA } from './tables.ts'

/** A call as it stands in a rewritten text. */
export interface Call extends Pick<CallUse, 'functionName' | 'inputs' | 'options'> {
  /** Whose files it reads, if it reads files. */
  readonly parts?: readonly PinnedPart[]
}

/** What takes the place of a name: a call, or a query of calls and the text around them. */
export type Relation = Call | readonly (Call | string)[]

/**
 * What reads datasets: a call with the parts of their snapshots, by their columns' names where there are several, and
 * after those of a dataset the rows of its log. Folders such as `env=prod` in the path of the data directory are never
 * columns. A rollup is its parts and, where these end, its query over its source. Datasets that have no rows yet are a query without any.
 *
 * @param handleOf - holds the frames of a dataset's log for the query
 */
export function datasetsRelation(
  call: Pick<Call, 'functionName' | 'options'>,
  datasets: readonly PinnedDataset[],
  dataDirectory: string,
  handleOf: (dataset: PinnedDataset) => string,
): Relation {
  const tables: (Call | string)[][] = []
  let unread: PinnedPart[] = []
  const endFiles = (): void => {
    if (unread.length > 0) tables.push([filesCall(call, unread, dataDirectory)])
    unread = []
  }
  for (const dataset of datasets) {
    if (dataset.rollup !== null) {
      endFiles()
      const files = (parts: PinnedDataset['parts']): Call => filesCall(READ, parts, dataDirectory)
      const sourceOf = (source: PinnedDataset): Relation =>
        datasetsRelation(READ, [source], dataDirectory, handleOf)
      tables.push(['(', ...rollupQuery(dataset, dataset.rollup, files, sourceOf), ')'])
      continue
    }
    unread.push(...dataset.parts)
    if (dataset.log === null) continue
    endFiles()
    tables.push(['(', ...logQuery(dataset, handleOf(dataset)), ')'])
  }
  endFiles()
  const [first, ...others] = tables
  const [dataset] = datasets
  if (first === undefined)
    return dataset === undefined ? filesCall(call, [], dataDirectory) : emptyQuery(dataset)
  if (others.length === 0) return typeof first[0] === 'object' ? first[0] : first
  const union = others.flatMap((table) => [' UNION ALL BY NAME FROM ', ...table])
  return ['(FROM ', ...first, ...union, ')']
}

/** How parts are read where no text of a client says it. */
export const READ = { functionName: 'read_parquet', options: {} } as const

function filesCall(
  { functionName, options }: Pick<Call, 'functionName' | 'options'>,
  parts: readonly PinnedPart[],
  dataDirectory: string,
): Call {
  const inputs = parts.map(({ path }) => escapePath(path, dataDirectory))
  const union = inputs.length > 1 ? { union_by_name: true } : {}
  return { functionName, inputs, options: { ...union, hive_partitioning: false, ...options }, parts }
}

/** The rows of a log, in the types that they will have once they are in a part. */
function logQuery({ schema }: PinnedDataset, handle: string): (Call | string)[] {
  const columns = storageOf(schema).map((storage) => {
    const name = quoteName(storage.field.name)
    const sql = parquetSql(storage)
    return sql === storage.sql ? name : `CAST(${name} AS ${sql}) AS ${name}`
  })
  return [`SELECT ${columns.join(', ')} FROM `, framesCall(handle)]
}

/** The call that reads held batches. */
export function framesCall(handle: string): Call {
  return { functionName: FRAMES_FUNCTION, inputs: [handle], options: {} }
}

/** The data directory itself is not escaped: what SQL may read is compared with it as a plain text. */
function escapePath(path: string, dataDirectory: string): string {
  if (!path.startsWith(dataDirectory)) return path
  return dataDirectory + escapeGlob(path.slice(dataDirectory.length))
}

function emptyQuery({ schema }: PinnedDataset): string[] {
  const columns = storageOf(schema).map(
    (storage) => `NULL::${parquetSql(storage)} AS ${quoteName(storage.field.name)}`,
  )
  return [`(SELECT ${columns.join(', ')} LIMIT 0)`]
}

/** The call as SQL. */
export function callText({ functionName, inputs, options }: Call): string {
  const named = Object.entries(options).map(
    ([name, value]) => `${name}=${typeof value === 'string' ? quoteText(value) : String(value)}`,
  )
  const texts = inputs.map(quoteText).join(', ')
  // Frames are read by their one handle; files are a list, even of one.
  return `${functionName}(${[functionName === FRAMES_FUNCTION ? texts : `[${texts}]`, ...named].join(', ')})`
}

/** What a view stands for: its query, whose columns may have other names. */
export function viewRelation(
  pieces: readonly (Call | string)[],
  names: readonly string[],
): readonly (Call | string)[] {
  if (names.length === 0) return ['(', ...pieces, '\n)']
  return ['(SELECT * FROM (', ...pieces, `\n) AS sterna_view(${names.map(quoteName).join(', ')}))`]
}

/** Equal for calls that read the same. */
export function callSignature({ functionName, inputs, options }: Call): string {
  return JSON.stringify([functionName, inputs, Object.entries(options).toSorted()])
}

/** A query that gives what SHOW TABLES does: `name`, or all of `schema`, `name`, `rows` and `parts`. */
export function listQuery(datasets: readonly ListedTable[], { schema, isFull }: ListUse): string {
  if (!isFull) {
    const names = datasets.map(({ ref }) =>
      schema !== null || ref.schema === MAIN_SCHEMA ? ref.key : `${ref.schema}.${ref.key}`,
    )
    return `SELECT unnest(${textList(names)}) AS "name"`
  }
  const columns = [
    `unnest(${textList(datasets.map(({ ref }) => ref.schema))}) AS "schema"`,
    `unnest(${textList(datasets.map(({ ref }) => ref.key))}) AS "name"`,
    `unnest([${datasets.map(({ rows }) => rows).join(', ')}]::BIGINT[]) AS "rows"`,
    `unnest([${datasets.map(({ parts }) => parts.length).join(', ')}]::BIGINT[]) AS "parts"`,
  ]
  return `SELECT ${columns.join(', ')}`
}

function textList(texts: readonly string[]): string {
  return `[${texts.map(quoteText).join(', ')}]::VARCHAR[]`
}
