import type { Field } from '../../../flight/ipc/schema.ts'
import { bucketStart } from '../../store/bucket.ts'
import type { PinnedDataset, PinnedRollup } from '../../store/parts.ts'
import { quoteName } from '../duckdb.ts'
import { parquetSql, storageOf } from '../storage-types.ts'
import { earliestOf } from './log-times.ts'

/**
 * The rows of a rollup: those of its parts as far as these are true of the source, and from there what its query gives.
 *
 * The instant in between is the start of the bucket that the watermark is in, or an earlier row of the source's log,
 * which no part of the rollup knows. So the rows are those of the query over all rows of the snapshot, whatever the
 * parts have taken in.
 *
 * @typeParam Call - a call within the text of SQL
 * @param files - reads parts of the rollup
 * @param sourceOf - reads the source with no other parts than these
 */
export function rollupQuery<Call extends { readonly functionName: string }>(
  dataset: PinnedDataset,
  rollup: PinnedRollup,
  files: (parts: PinnedDataset['parts']) => Call,
  sourceOf: (source: PinnedDataset) => Call | readonly (Call | string)[],
): (Call | string)[] {
  const { definition, source } = rollup
  const { fromUs, hasNulls } = boundaryOf(rollup)
  const columns = storageOf(dataset.schema)
  const names = columns.map(({ field }) => quoteName(field.name)).join(', ')
  const casts = columns.map((storage) => {
    const name = quoteName(storage.field.name)
    return `CAST(${name} AS ${parquetSql(storage)}) AS ${name}`
  })
  const needed = rollup.sourceParts(fromUs)
  const from = sourceOf({ ...source, parts: needed.parts, log: source.log })
  const condition = conditionOf(rollup, fromUs, hasNulls || needed.hasNulls)
  const bucket = dataset.schema.fields.find(({ name }) => name === definition.order[0])
  const stored: (Call | string)[] =
    fromUs === null || bucket === undefined || dataset.parts.length === 0
      ? []
      : [
          `SELECT ${names} FROM `,
          files(dataset.parts),
          ` WHERE ${quoteName(bucket.name)} < ${instantSql(bucket, fromUs)} UNION ALL `,
        ]
  return [
    ...stored,
    `SELECT ${casts.join(', ')} FROM (${definition.before}(SELECT * FROM `,
    ...('functionName' in from ? [from] : from),
    `${condition})${definition.after}) AS rollup(${names})`,
  ]
}

/** Where the parts of the rollup end and the query begins; null where all is the query's. */
function boundaryOf({ definition, source, watermarkUs }: PinnedRollup): {
  fromUs: number | null
  hasNulls: boolean
} {
  const { time, width } = definition
  const log = earliestOf(source.schema, time, source.log?.frames ?? [])
  const earliestUs = Math.min(watermarkUs ?? -Infinity, log.minUs)
  const fromUs = Number.isSafeInteger(earliestUs) ? bucketStart(width, earliestUs) : null
  return { fromUs, hasNulls: log.hasNulls }
}

/** What a read of a rollup takes from where: for whoever asks how a statement runs. */
export interface RollupPlan {
  readonly key: string
  readonly source: string
  /** Buckets before it are read from the parts of the rollup; null where all are computed. */
  readonly from: string | null
  readonly source_parts: number
  readonly source_parts_total: number
  readonly source_log_rows: number
}

export function planOf({ ref }: PinnedDataset, rollup: PinnedRollup): RollupPlan {
  const { source } = rollup
  const { fromUs } = boundaryOf(rollup)
  return {
    key: ref.key,
    source: source.ref.key,
    from: fromUs === null ? null : `${textOf(fromUs).replace(' ', 'T')}Z`,
    source_parts: rollup.sourceParts(fromUs).parts.length,
    source_parts_total: source.parts.length,
    source_log_rows: source.log?.rows ?? 0,
  }
}

function conditionOf(
  { definition, source, untilUs }: PinnedRollup,
  fromUs: number | null,
  hasNulls: boolean,
): string {
  const field = source.schema.fields.find(({ name }) => name === definition.time)
  if (field === undefined || (fromUs === null && untilUs === null)) return ''
  const conditions: string[] = []
  if (fromUs !== null) conditions.push(comparison(field, '>=', fromUs))
  if (untilUs !== null) conditions.push(comparison(field, '<', untilUs))
  if (untilUs === null && hasNulls) return ` WHERE (${conditions.join()} OR ${quoteName(field.name)} IS NULL)`
  return ` WHERE ${conditions.join(' AND ')}`
}

/** Compares the instants that `time_bucket` sees: it cuts nanoseconds off, towards 1970. */
function comparison(field: Field, operator: '>=' | '<', us: number): string {
  const name = quoteName(field.name)
  if (!isNanoseconds(field)) return `${name} ${operator} ${instantSql(field, us)}`
  const bound = operator === '>=' ? us - 1 : us + 1
  // The first of the two is what Parquet's statistics can answer.
  return `${name} ${operator} TIMESTAMP_NS '${textOf(bound)}' AND CAST(${name} AS TIMESTAMP) ${operator} TIMESTAMP '${textOf(us)}'`
}

/** An instant as a literal of the type that a date or timestamp has in SQL. */
function instantSql({ type }: Field, us: number): string {
  if (type.kind === 'date' && type.unit === 'day') return `DATE '${textOf(us).slice(0, 10)}'`
  const hasZone = type.kind === 'timestamp' && type.timezone !== null && type.unit !== 'ns'
  return hasZone ? `TIMESTAMPTZ '${textOf(us)}+00'` : `TIMESTAMP '${textOf(us)}'`
}

function isNanoseconds({ type }: Field): boolean {
  return type.kind === 'timestamp' && type.unit === 'ns'
}

function textOf(us: number): string {
  const ms = Math.floor(us / 1000)
  const micros = String(us - ms * 1000).padStart(3, '0')
  return new Date(ms).toISOString().replace('T', ' ').replace('Z', micros)
}
