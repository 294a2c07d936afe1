import { WireError } from '../status.ts'
import { FlatTable, malformedIpc } from './flatbuffer.ts'
import { readVersion } from './schema-reader.ts'
import { COMPRESSIONS, HEADER_ID } from './types.ts'

/** A buffer of a batch, in bytes within the body. */
export interface BufferRange {
  offset: number
  length: number
}

/** One array of a batch: a column, or a child of one. */
export interface FieldNode {
  length: number
  nullCount: number
}

/** What a RecordBatch says of its body. */
export interface BatchHeader {
  rows: number
  /** One per field in pre-order; a dictionary-encoded field counts as its index, without children. */
  nodes: FieldNode[]
  /** In the order of `nodes`, for each the buffers of its type's layout. */
  buffers: BufferRange[]
  /** Each buffer by itself, after 8 bytes with its real length. */
  compression: 'lz4' | 'zstd' | null
  /** How many data buffers each view column has, in pre-order. */
  variadicCounts: number[]
}

/** What one IPC Message flatbuffer holds. `bodyLength` is what it says, not what was received. */
export type IpcMessage =
  | { kind: 'schema'; bodyLength: number }
  | { kind: 'batch'; bodyLength: number; batch: BatchHeader }
  | { kind: 'dictionary'; bodyLength: number; id: bigint; isDelta: boolean; batch: BatchHeader }

/**
 * Reads an IPC Message flatbuffer (`FlightData.data_header`). It is safe on any bytes, but does not know the schema:
 * `checkBatch` says whether nodes and buffers fit it. `parseSchema` reads the schema itself.
 *
 * @throws WireError IPC_MALFORMED, and TYPE_UNSUPPORTED for tensors, unknown codecs and metadata before V4
 */
export function parseMessage(header: Uint8Array): IpcMessage {
  const { kind, message, table } = openMessage(header)
  const bodyLength = message.count(3)
  switch (kind) {
    case 'schema':
      return { kind, bodyLength }
    case 'batch':
      return { kind, bodyLength, batch: readBatch(table) }
    case 'dictionary': {
      const data = table.table(1)
      if (data === null) throw malformedIpc('a dictionary batch has no data')
      return { kind, bodyLength, id: table.int64(0), isDelta: table.bool(2), batch: readBatch(data) }
    }
  }
}

/** Kind of a message and, for a batch, its rows: all that a frame has to know of it. */
export function peekMessage(header: Uint8Array): { kind: IpcMessage['kind']; rows: number } {
  const { kind, table } = openMessage(header)
  return { kind, rows: kind === 'batch' ? table.count(0) : 0 }
}

/** Rows of a batch, without reading its nodes and buffers; 0 for any other message. Throws as {@link parseMessage}. */
export function rowCount(header: Uint8Array): number {
  return peekMessage(header).rows
}

function openMessage(header: Uint8Array): { kind: IpcMessage['kind']; message: FlatTable; table: FlatTable } {
  const message = FlatTable.root(header)
  readVersion(message)
  const kind = kindOf(message.uint8(1))
  const table = message.table(2)
  if (table === null) throw malformedIpc('it has no header')
  return { kind, message, table }
}

function kindOf(id: number): IpcMessage['kind'] {
  switch (id) {
    case HEADER_ID.schema:
      return 'schema'
    case HEADER_ID.dictionary:
      return 'dictionary'
    case HEADER_ID.batch:
      return 'batch'
    default:
      throw new WireError('TYPE_UNSUPPORTED', `Arrow IPC message number ${id} is not supported`)
  }
}

/** Spec: FieldNode and Buffer are structs of two int64, that is 16 bytes. */
function readBatch(table: FlatTable): BatchHeader {
  const nodes: FieldNode[] = []
  const nodeVector = table.structs(1, 16)
  for (let index = 0; index < nodeVector.count; index += 1) {
    const position = nodeVector.position + index * 16
    nodes.push({ length: table.countAt(position), nullCount: table.countAt(position + 8) })
  }
  const buffers: BufferRange[] = []
  const bufferVector = table.structs(2, 16)
  for (let index = 0; index < bufferVector.count; index += 1) {
    const position = bufferVector.position + index * 16
    buffers.push({ offset: table.countAt(position), length: table.countAt(position + 8) })
  }
  const variadicCounts: number[] = []
  const countVector = table.structs(4, 8)
  for (let index = 0; index < countVector.count; index += 1) {
    variadicCounts.push(table.countAt(countVector.position + index * 8))
  }
  return { rows: table.count(0), nodes, buffers, compression: readCompression(table), variadicCounts }
}

function readCompression(table: FlatTable): BatchHeader['compression'] {
  const compression = table.table(3)
  if (compression === null) return null
  const codec = compression.uint8(0)
  const name = COMPRESSIONS[codec]
  if (name === undefined || compression.uint8(1) !== 0) {
    throw new WireError(
      'TYPE_UNSUPPORTED',
      `Body compression number ${codec} is not supported, only lz4 and zstd`,
    )
  }
  return name
}
