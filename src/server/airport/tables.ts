import {
  encapsulate,
  encodeSchema,
  DescriptorType,
  type DatasetRef,
  type Field,
  type FlightInfo,
  type MessageInput,
  messages,
  parseDescriptor,
  type Schema,
} from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { ROW_ID } from '../../query/dataset-query.ts'
import type { PastMoment, PinnedDataset } from '../../store/parts.ts'
import type { Store, StoredDataset } from '../../store/store.ts'
import { CATALOG } from '../sql/names.ts'
import { pack } from './messages.ts'
import { shownSchema } from './names.ts'

/** Spec: `is_rowid` marks the column that an UPDATE or DELETE names rows by. */
const ROW_ID_FIELD: Field = { ...ROW_ID, metadata: new Map([['is_rowid', '1']]) }

/** Spec: a schema with this key has column statistics. */
const STATISTICS_KEY = 'can_produce_statistics'

/**
 * True for a dataset that DuckDB can have as a table: one that has columns, and none of a type that it cannot read, for
 * which it would give the whole schema up.
 */
export function isTable({ schema }: { readonly schema: Schema }): boolean {
  return schema.fields.length > 0 && schema.fields.every(isReadable)
}

function isReadable({ type, children }: Field): boolean {
  return !(type.kind === 'float' && type.bitWidth === 16) && children.every(isReadable)
}

/** True where rows can be named: the one name for that is not taken by a column. */
export function namesRows({ fields }: Schema): boolean {
  return fields.every(({ name }) => name.toLowerCase() !== ROW_ID.name)
}

/**
 * The columns of a table: those of the dataset, and last the one of row ids.
 *
 * @param moment - in which it is read: the client asks for statistics without saying so, and would get those of now
 */
export function tableSchema(
  { schema, rows }: Pick<PinnedDataset, 'schema' | 'rows'>,
  moment?: PastMoment,
): Schema {
  const metadata = new Map(schema.metadata)
  metadata.delete(STATISTICS_KEY)
  if (moment === undefined && hasStatistics(schema, rows)) metadata.set(STATISTICS_KEY, '1')
  return { metadata, fields: namesRows(schema) ? [...schema.fields, ROW_ID_FIELD] : schema.fields }
}

/**
 * The client asks for statistics of every column or of none, and fails on types that its
 * `airport_flight_statistics.cpp` does not list, or takes bytes for text and dictionaries for their indices.
 */
function hasStatistics({ fields }: Schema, rows: number): boolean {
  const isPlain = ({ type, dictionary }: Field): boolean => {
    if (dictionary !== null) return false
    if (type.kind === 'date') return type.unit === 'day'
    return ['bool', 'int', 'float', 'decimal', 'utf8', 'largeUtf8', 'utf8View', 'timestamp'].includes(
      type.kind,
    )
  }
  return rows <= LIMITS.airportStatisticsRowsMax && fields.every(isPlain)
}

/** A table as the client keeps it in its catalog. @param moment - of the past, in which the dataset was this */
export function tableInfo(
  dataset: StoredDataset,
  { objects }: Store,
  moment?: PastMoment,
): MessageInput<FlightInfo> {
  const { tableId, ref, rows, arrowBytes } = dataset
  const comments = objects.comments.get(tableId)
  const name = { catalog: CATALOG, schema: shownSchema(ref.schema), name: ref.key }
  const rest = {
    comment: comments?.table ?? null,
    input_schema: null,
    action_name: null,
    description: null,
    extra_data: null,
  }
  return {
    schema: encapsulate(encodeSchema(withComments(tableSchema(dataset, moment), comments?.columns))),
    flightDescriptor: { type: DescriptorType.PATH, path: [ref.schema, ref.key], cmd: new Uint8Array() },
    endpoint: [],
    totalRecords: rows,
    totalBytes: arrowBytes,
    appMetadata: pack({ type: 'table', ...name, ...rest }),
  }
}

/** Spec: what is said of a column is in its metadata. */
function withComments(schema: Schema, comments: ReadonlyMap<string, string> = new Map()): Schema {
  const fields = schema.fields.map((field) => {
    const comment = comments.get(field.name)
    return comment === undefined
      ? field
      : { ...field, metadata: new Map(field.metadata).set('comment', comment) }
  })
  return { ...schema, fields }
}

/** The dataset of a descriptor that {@link tableInfo} gave. @throws SternaError DESCRIPTOR_MALFORMED */
export function describedTable(descriptor: Uint8Array): DatasetRef {
  const request = parseDescriptor(messages.FlightDescriptor.decode(descriptor))
  if (request.kind === 'dataset') return request.dataset
  throw new SternaError('DESCRIPTOR_MALFORMED', 'The descriptor names no table')
}
