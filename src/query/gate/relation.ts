import type { PinnedDataset } from '../../store/parts.ts'
import { quoteName, quoteText } from '../duckdb.ts'
import { storageOf } from '../storage-types.ts'
import { FRAMES_FUNCTION, type CallUse, type ListUse } from './analysis.ts'
import { escapeGlob } from './glob.ts'
import { MAIN_SCHEMA } from './tables.ts'

/** A call as it stands in a rewritten text. */
export type Call = Pick<CallUse, 'functionName' | 'inputs' | 'options'>

/** What takes the place of a name: a call, or the text of a query that reads nothing. */
export type Relation = Call | string

/**
 * What reads datasets: a call with the parts of their snapshots, by their columns' names where there are several.
 * Folders such as `env=prod` in the path of the data directory are never columns. Datasets that have no part yet
 * are a query without rows.
 */
export function partsRelation(
  functionName: string,
  datasets: readonly PinnedDataset[],
  dataDirectory: string,
  options: CallUse['options'],
): Relation {
  const inputs = datasets.flatMap(({ parts }) => parts.map((part) => escapePath(part.path, dataDirectory)))
  const [first] = datasets
  if (inputs.length === 0 && first !== undefined) return emptyQuery(first)
  const union = inputs.length > 1 ? { union_by_name: true } : {}
  return { functionName, inputs, options: { ...union, hive_partitioning: false, ...options } }
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

function emptyQuery({ schema }: PinnedDataset): string {
  const columns = storageOf(schema).map(({ sql, field }) => `NULL::${sql} AS ${quoteName(field.name)}`)
  return `(SELECT ${columns.join(', ')} LIMIT 0)`
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

/** Equal for calls that read the same. */
export function callSignature({ functionName, inputs, options }: Call): string {
  return JSON.stringify([functionName, inputs, Object.entries(options).toSorted()])
}

/** A query that gives what SHOW TABLES does: `name`, or all of `schema`, `name`, `rows` and `parts`. */
export function listQuery(datasets: readonly PinnedDataset[], { schema, isFull }: ListUse): string {
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
