import type { Frame } from '../../../flight/frame.ts'
import { type Column, fieldsOf, readColumns } from '../../../flight/ipc/batch-tree.ts'
import { BodyReader } from '../../../flight/ipc/body.ts'
import { checkBatch, parseMessage } from '../../../flight/ipc/message.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { Storage } from '../storage-types.ts'
import { type ArrowArray, type ArrowBatch, malformed } from './arrow-array.ts'
import { type BatchMessage, decompress, type PlainBatch } from './decompress.ts'
import { Dictionary } from './dictionary.ts'

/** Values of one array: what 32-bit offsets can address; more would be made of types that take no bytes. */
const VALUES_MAX = 2 ** 31 - 1

/**
 * The batches of the frames, in order, each with the dictionaries that hold at its place.
 *
 * @param columns - the storage of the schema's fields, in order
 */
export function* readBatches(
  schema: Schema,
  columns: readonly Storage[],
  frames: readonly Frame[],
): Generator<ArrowBatch> {
  const reader = new MessageReader(schema, columns)
  for (const frame of frames) {
    if (frame.kind !== 'batch' && frame.kind !== 'dictionary') continue
    const batch = reader.read(frame.header, frame.body)
    if (batch !== null) yield batch
  }
}

/** Reads the messages of a stream one by one. */
export class MessageReader {
  readonly #schema: Schema
  readonly #columns: readonly Storage[]
  readonly #values: ReadonlyMap<bigint, Storage>
  readonly #dictionaries = new Map<bigint, Dictionary>()

  /** @param columns - the storage of the schema's fields, in order */
  constructor(schema: Schema, columns: readonly Storage[]) {
    this.#schema = schema
    this.#columns = columns
    this.#values = dictionaryStorages(columns)
  }

  /** The dictionaries that the next batch means, by their ids. */
  get dictionaries(): ReadonlyMap<bigint, Dictionary> {
    return this.#dictionaries
  }

  /** @returns null after a dictionary, which is for the batches that follow */
  read(header: Uint8Array, pieces: readonly Uint8Array[]): ArrowBatch | null {
    const sent = parseMessage(header)
    if (sent.kind === 'schema') return null
    const { message, body } = plainBatch(sent, this.#schema, pieces)
    const parts = readColumns(fieldsOf(message, this.#schema), message.batch)
    const reader = new BodyReader(body)
    const arrays = (storages: readonly Storage[]): ArrowArray[] =>
      toArrays(storages, parts, reader, this.#dictionaries)
    if (message.kind === 'batch') {
      checkRows(message.batch.rows, lengthOf(body))
      return { rows: message.batch.rows, columns: arrays(this.#columns) }
    }
    const storage = this.#values.get(message.id)
    const [array] = storage === undefined ? [] : arrays([storage])
    if (storage === undefined || array === undefined) return null
    const known = message.isDelta ? this.#dictionaries.get(message.id) : undefined
    const dictionary = known ?? new Dictionary(storage)
    dictionary.append(array)
    this.#dictionaries.set(message.id, dictionary)
    return null
  }
}

/** Whatever takes bytes takes a bit for each row. */
function checkRows(rows: number, bytes: number): void {
  if (rows <= Math.max(LIMITS.bytelessRowsMax, 8 * bytes)) return
  throw new SternaError(
    'LIMIT_EXCEEDED',
    `A batch has ${rows} rows in ${bytes} bytes; the limit for rows that take none is ${LIMITS.bytelessRowsMax}, so send them in more batches`,
  )
}

/** The batch without compression; checked, so that every buffer is as large as its values need. */
function plainBatch(sent: BatchMessage, schema: Schema, body: readonly Uint8Array[]): PlainBatch {
  checkBatch(sent, schema, lengthOf(body))
  const plain = decompress(sent, body)
  if (plain.message !== sent) checkBatch(plain.message, schema, lengthOf(plain.body))
  return plain
}

function lengthOf(body: readonly Uint8Array[]): number {
  return body.reduce((sum, piece) => sum + piece.length, 0)
}

function dictionaryStorages(columns: readonly Storage[]): Map<bigint, Storage> {
  const found = new Map<bigint, Storage>()
  const visit = (storage: Storage): void => {
    if (storage.field.dictionary !== null) found.set(storage.field.dictionary.id, storage)
    storage.children.forEach(visit)
  }
  columns.forEach(visit)
  return found
}

function toArrays(
  storages: readonly Storage[],
  columns: readonly Column[],
  body: BodyReader,
  dictionaries: ReadonlyMap<bigint, Dictionary>,
): ArrowArray[] {
  return columns.flatMap((column, index) => {
    const storage = storages[index]
    return storage === undefined ? [] : [toArray(storage, column, body, dictionaries)]
  })
}

function toArray(
  storage: Storage,
  column: Column,
  body: BodyReader,
  dictionaries: ReadonlyMap<bigint, Dictionary>,
): ArrowArray {
  const { length, nullCount } = column.node
  if (length > VALUES_MAX) throw malformed(storage, `has ${length} values in one batch`)
  // The field of a dictionary's own values has no dictionary, that of its indices has.
  const id = column.field.dictionary?.id
  const dictionary = id === undefined ? null : (dictionaries.get(id) ?? null)
  return {
    storage,
    length,
    validity: nullCount === 0 || column.validity === null ? null : body.slice(column.validity),
    buffers: column.buffers.map((range) => body.slice(range)),
    children: toArrays(storage.children, column.children, body, dictionaries),
    dictionary,
  }
}
