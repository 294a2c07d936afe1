import type { DatasetRef } from '../../flight/descriptor.ts'

/** Where a part comes from: what it says of itself, so that a lost catalog can be made again from the parts alone. */
export interface PartOrigin {
  readonly ref: DatasetRef
  /** `rewrite`: the rows of other parts, by compaction; `rollback`, also of an adoption: no rows, but the parts that are live from here on. */
  readonly mode: 'replace' | 'create' | 'append' | 'rewrite' | 'rollback'
  /** The put or compaction that wrote it, and its place among the parts of that. */
  readonly put: string
  readonly order: number
  /** Size of its rows in memory. */
  readonly arrowBytes: number
  /** Of a rewrite: the parts it stands for; of a rollback: those that are live. Relative to `cold/`. */
  readonly sources?: readonly string[]
  /** Of an adoption: the CRC32 of each of `sources`, which have no checksums of their own. */
  readonly sums?: readonly number[]
  /** When it was begun, in ms since 1970; written with it, and unknown of older parts. */
  readonly writtenMs?: number
  /** Of a part of a rollup, which is not all of its rows: the query that it was declared with. */
  readonly rollup?: string
  /** How far the log of the dataset is in its parts with this one: what the log calls the table, and the sequence. */
  readonly log?: { readonly table: string; readonly sequence: number } | undefined
}

/** The Parquet key-value metadata of a part. */
export function originMetadata(origin: PartOrigin): Record<string, string> {
  return {
    'sterna:key': origin.ref.key,
    'sterna:schema': origin.ref.schema,
    'sterna:mode': origin.mode,
    'sterna:put': origin.put,
    'sterna:order': String(origin.order),
    'sterna:arrow_bytes': String(origin.arrowBytes),
    'sterna:written_ms': String(Date.now()),
    ...(origin.rollup !== undefined && { 'sterna:rollup': origin.rollup }),
    ...(origin.log && { 'sterna:log': JSON.stringify([origin.log.table, origin.log.sequence]) }),
    ...(origin.sources && { 'sterna:sources': JSON.stringify(origin.sources) }),
    ...(origin.sums && { 'sterna:sums': JSON.stringify(origin.sums) }),
  }
}

/** The inverse of {@link originMetadata}; undefined for a file that is no part of ours. */
export function parseOrigin(metadata: ReadonlyMap<string, string>): PartOrigin | undefined {
  const key = metadata.get('sterna:key')
  const schema = metadata.get('sterna:schema')
  const mode = metadata.get('sterna:mode')
  const put = metadata.get('sterna:put')
  const order = Number(metadata.get('sterna:order'))
  if (key === undefined || schema === undefined || put === undefined || !isMode(mode)) return undefined
  const arrowBytes = Number(metadata.get('sterna:arrow_bytes'))
  if (!Number.isSafeInteger(order) || !Number.isSafeInteger(arrowBytes)) return undefined
  const writtenMs = Number(metadata.get('sterna:written_ms') ?? Number.NaN)
  const sources = parseList(metadata.get('sterna:sources'))?.map(String)
  const sums = parseList(metadata.get('sterna:sums'))?.map(Number)
  const log = parseLog(metadata.get('sterna:log'))
  const rollup = metadata.get('sterna:rollup')
  return {
    ref: { schema, key },
    mode,
    put,
    order,
    arrowBytes,
    ...(Number.isSafeInteger(writtenMs) && { writtenMs }),
    ...(sources && { sources }),
    ...(sums && { sums }),
    ...(log && { log }),
    ...(rollup !== undefined && { rollup }),
  }
}

function parseLog(text: string | undefined): PartOrigin['log'] {
  if (text === undefined) return undefined
  try {
    const [table, sequence] = JSON.parse(text) as readonly unknown[]
    return typeof table === 'string' && Number.isSafeInteger(sequence)
      ? { table, sequence: Number(sequence) }
      : undefined
  } catch {
    return undefined
  }
}

function isMode(mode: string | undefined): mode is PartOrigin['mode'] {
  return ['replace', 'create', 'append', 'rewrite', 'rollback'].includes(mode ?? '')
}

function parseList(text: string | undefined): readonly unknown[] | undefined {
  if (text === undefined) return undefined
  try {
    const list: unknown = JSON.parse(text)
    return Array.isArray(list) ? list : undefined
  } catch {
    return undefined
  }
}
