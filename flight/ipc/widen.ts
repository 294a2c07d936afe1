import { type Frame, makeFrame } from '../frame.ts'
import { encodeBatch, encodeDictionary } from './batch-writer.ts'
import { type Column, readColumns } from './batch-tree.ts'
import { BodyBuilder, BodyReader } from './body.ts'
import { malformedIpc } from './flatbuffer.ts'
import { hasValidity, layoutOf } from './layout.ts'
import { type FieldNode, parseMessage } from './message-reader.ts'
import type { Field, Schema } from './types.ts'
import { zstdRun } from './zstd-frame.ts'

/** One column of a wider batch: its place in the batch that there is, or null for nulls in its stead. */
export interface WideColumn {
  readonly field: Field
  readonly source: number | null
}

/** Spec: in a compressed batch, the length -1 before a buffer says that it is as it was. */
const AS_IT_IS = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff)

/** Shared by all blank buffers that cannot be compressed; never written. */
let zeros = new Uint8Array(0)

/**
 * Gives a batch the columns of a wider schema: those that it has go along as they are, without a copy, and those that
 * nobody will read are nulls that take a few bytes on the wire, because each buffer of them is a compressed run of
 * zeros. The batch is therefore one of compressed buffers, most of which say that they are not.
 *
 * @param frame - a checked batch of `schema`
 * @param columns - {@link isBlankable} where they have no source
 * @param appMetadata - of the new frame; that of the old one stays behind
 * @throws WireError IPC_MALFORMED where the batch does not fit the schema
 */
export function widenBatch(
  frame: Frame,
  schema: Schema,
  columns: readonly WideColumn[],
  appMetadata: Uint8Array | null,
): Frame {
  const message = parseMessage(frame.header)
  if (message.kind !== 'batch') throw malformedIpc('only a batch can be widened')
  const { rows, compression } = message.batch
  const writer = new WideWriter(new BodyReader(frame.body), compression)
  const present = readColumns(schema.fields, message.batch)
  for (const { field, source } of columns) {
    const column = source === null ? undefined : present[source]
    if (column === undefined) writer.blank(field, rows)
    else writer.copy(column)
  }
  const { nodes, variadicCounts, body } = writer
  const header = {
    rows,
    nodes,
    buffers: body.ranges,
    compression: compression ?? ('zstd' as const),
    variadicCounts,
  }
  return makeFrame(encodeBatch(header, body.length), body.pieces, { kind: 'batch', rows, appMetadata })
}

/** True where nulls of a field need nothing but zeros: unions and runs of values have no nulls of their own. */
export function isBlankable(field: Field): boolean {
  if (field.dictionary !== null) return true
  const { kind } = layoutOf(field)
  return kind !== 'union' && kind !== 'runEnd' && field.children.every(isBlankable)
}

/**
 * Dictionaries without values for blank columns: a reader waits for one of each before the first batch.
 *
 * @param fields - those without a source
 */
export function emptyDictionaries(fields: readonly Field[]): Frame[] {
  return fields.flatMap((field) => {
    if (field.dictionary === null) return emptyDictionaries(field.children)
    const writer = new WideWriter(new BodyReader([]), null)
    writer.blank({ ...field, dictionary: null }, 0)
    const { nodes, variadicCounts, body } = writer
    const header = { rows: 0, nodes, buffers: body.ranges, compression: 'zstd' as const, variadicCounts }
    const message = encodeDictionary(field.dictionary.id, false, header, body.length)
    return [...emptyDictionaries(field.children), makeFrame(message, body.pieces, { kind: 'dictionary' })]
  })
}

class WideWriter {
  readonly nodes: FieldNode[] = []
  readonly variadicCounts: number[] = []
  readonly body = new BodyBuilder()
  readonly #source: BodyReader
  readonly #compression: 'lz4' | 'zstd' | null

  constructor(source: BodyReader, compression: 'lz4' | 'zstd' | null) {
    this.#source = source
    this.#compression = compression
  }

  copy({ layout, node, validity, buffers, children }: Column): void {
    this.nodes.push(node)
    for (const range of validity === null ? buffers : [validity, ...buffers]) {
      this.#add(this.#source.slice(range), this.#compression === null ? AS_IT_IS : null)
    }
    if (layout.kind === 'view') this.variadicCounts.push(buffers.length - 1)
    for (const child of children) this.copy(child)
  }

  blank(field: Field, rows: number): void {
    const layout = layoutOf(field)
    this.nodes.push({ length: rows, nullCount: rows })
    if (hasValidity(layout)) this.#addZeros(Math.ceil(rows / 8))
    let childRows = rows
    switch (layout.kind) {
      case 'bits':
        this.#addZeros(Math.ceil(rows / 8))
        break
      case 'fixed':
        this.#addZeros(rows * layout.width)
        break
      case 'view':
        this.#addZeros(rows * 16)
        this.variadicCounts.push(0)
        break
      case 'bytes':
        this.#addZeros((rows + 1) * layout.offsetWidth)
        this.#addZeros(0)
        break
      case 'list':
        this.#addZeros((rows + 1) * layout.offsetWidth)
        childRows = 0
        break
      case 'listView':
        this.#addZeros(rows * layout.offsetWidth)
        this.#addZeros(rows * layout.offsetWidth)
        childRows = 0
        break
      case 'fixedList':
        childRows = rows * layout.size
        break
      default:
        // A struct has no buffers of its own, nor has a column of type null.
        break
    }
    if (field.dictionary === null) for (const child of field.children) this.blank(child, childRows)
  }

  #addZeros(length: number): void {
    if (length === 0) {
      this.#add(new Uint8Array(0), null)
    } else if (this.#compression === 'lz4') {
      if (zeros.length < length) zeros = new Uint8Array(length)
      this.#add(zeros.subarray(0, length), AS_IT_IS)
    } else {
      const realLength = new Uint8Array(8)
      new DataView(realLength.buffer).setBigInt64(0, BigInt(length), true)
      this.#add(zstdRun(0, length), realLength)
    }
  }

  /** @param prefix - its real length, where the buffer has none; an empty buffer needs none */
  #add(buffer: Uint8Array, prefix: Uint8Array | null): void {
    this.body.add(buffer, buffer.length === 0 ? null : prefix)
  }
}
