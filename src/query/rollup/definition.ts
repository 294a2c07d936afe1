import type { Field, Schema } from '../../../flight/ipc/schema.ts'
import type { Lake, PinnedDataset, PinnedLake, RollupDefinition } from '../../store/parts.ts'
import { SternaError } from '../../errors.ts'
import type { Duck } from '../duck.ts'
import { quoteName } from '../duckdb.ts'
import type { Gate, ReadStatement } from '../gate.ts'
import { normalize } from '../gate/lexer.ts'
import { closingBracket, tableEdit, TokenFinder } from '../gate/rewrite.ts'
import { TableResolver } from '../gate/tables.ts'
import { foldName, locationOf, type Node } from '../gate/tree.ts'
import { isTimeField } from '../time-literal.ts'
import { forbidden, readShape } from './query-shape.ts'
import { readWidth } from './width.ts'

const DAY_US = 86_400_000_000

/** A rollup before its columns are known. */
export interface RollupQuery {
  /** Without comments. */
  readonly sql: string
  readonly source: PinnedDataset
  /** @param names - of the columns that the query gives, in order */
  readonly define: (names: readonly string[]) => RollupDefinition
}

/**
 * Reads the query of a rollup and finds its source.
 *
 * @param schema - of a table that names none
 * @throws {@link SternaError} SQL_FORBIDDEN naming what a rollup cannot have; DATASET_NOT_FOUND; and as the gate refuses it
 */
export async function readRollup(
  { gate, duck, dataDirectory }: { gate: Gate; duck: Duck; dataDirectory: string },
  text: string,
  lake: PinnedLake,
  schema: string | undefined,
): Promise<RollupQuery> {
  const given = await gate.read(text)
  if (given.statement.prefix !== '') throw forbidden('is no EXPLAIN')
  // Without comments, so that it can stand inside another query.
  const sql = normalize(given.statement.sql, given.statement.tokens)
  const { statement, tree, analysis }: ReadStatement = await gate.read(sql)
  const shape = readShape(tree)
  const [table, ...tables] = analysis.tables
  if (table === undefined || tables.length > 0) throw forbidden('reads one dataset')
  if (analysis.isVolatile) throw forbidden('calls nothing that changes though the rows do not')
  if (analysis.columns.length > 0) throw forbidden('names columns without a schema: table.column')
  const found = new TableResolver(lake, dataDirectory, schema).table(table.catalog, table.schema, table.name)
  const [source, ...others] = found.datasets
  if (source === undefined || others.length > 0) throw forbidden('reads one dataset, not a series')
  const time = timeField(source, shape.time, [found.alias, aliasOf(tree)])
  const width = await readWidth(duck, shape.width)
  assertFits(time, width.us)
  const finder = new TokenFinder(statement)
  const hole = tableEdit(statement, finder, table, [], found.alias)
  const inserts = shape.unordered.map((call) => ({
    at: endOf({ statement, call, finder }),
    text: ` ORDER BY ${quoteName(time.name)}`,
  }))
  const slice = (start: number, end: number): string => {
    let [result, at] = ['', start]
    for (const { at: place, text: insert } of inserts.toSorted((a, b) => a.at - b.at)) {
      if (place < start || place >= end) continue
      result += sql.slice(at, place) + insert
      at = place
    }
    return result + sql.slice(at, end)
  }
  return {
    sql,
    source,
    define: (names) => {
      const nameOf = (place: number): string => names[place] ?? ''
      return {
        sql: given.statement.sql,
        source: source.ref,
        before: slice(0, hole.start),
        after: hole.after + slice(hole.end, sql.length),
        time: time.name,
        width,
        order: [nameOf(shape.bucket), ...shape.groups.map(nameOf)],
      }
    },
  }
}

/** A lake of one dataset, `rollup`, that is what a declaration says; its source is pinned by the caller. */
export function lakeOfRollup(definition: RollupDefinition, schema: Schema, source: PinnedDataset): Lake {
  const sourceParts = (): { parts: PinnedDataset['parts']; hasNulls: boolean } => ({
    parts: source.parts,
    hasNulls: true,
  })
  const rollup = { definition, source, watermarkUs: 0, untilUs: null, sourceParts }
  const ref = { schema: 'main', key: 'rollup' }
  const id = `rollup of ${source.id}: ${definition.sql}`
  const dataset = { ref, id, schema, parts: [], log: null, rows: 0, rollup }
  const lake: PinnedLake = {
    at: () => lake,
    resolve: () => dataset,
    match: () => [],
    list: () => [],
    views: () => [],
    release: () => undefined,
  }
  return { pin: () => lake }
}

function aliasOf(tree: Node): string {
  const table = (tree['node'] as Node)['from_table'] as Node
  return typeof table['alias'] === 'string' ? table['alias'] : ''
}

function timeField(
  { ref, schema }: PinnedDataset,
  { table, column }: { readonly table: string | null; readonly column: string },
  tables: readonly string[],
): Field {
  const isOfTable = table === null || tables.some((name) => foldName(name) === foldName(table))
  const field = isOfTable ? schema.fields.find(({ name }) => foldName(name) === foldName(column)) : undefined
  if (field !== undefined && isTimeField(field)) return field
  throw forbidden(`puts a column of dates or timestamps of "${ref.key}" into buckets; "${column}" is none`)
}

/** A bucket of a date begins at midnight. */
function assertFits({ name, type }: Field, us: number): void {
  if (type.kind === 'date' && type.unit === 'day' && us % DAY_US !== 0) {
    throw forbidden(`has buckets of whole days for the dates of "${name}"`)
  }
}

/** Where the arguments of a call end. */
function endOf({
  statement,
  call,
  finder,
}: {
  statement: ReadStatement['statement']
  call: Node
  finder: TokenFinder
}): number {
  const { sql, tokens } = statement
  const index = finder.indexAt(locationOf(call) ?? -1)
  const close = index === undefined ? undefined : closingBracket(sql, tokens, index)
  if (close === undefined) throw new SternaError('SQL_INVALID', 'A call of first() or last() cannot be found')
  return close.start
}
