import { encapsulate, type Frame, parseMessage } from '../../flight/index.ts'
import { SternaError } from '../errors.ts'

const MAGIC = Buffer.from('ARROW1')

/** Continuation and a length of zero: the end of the messages. */
const END_OF_STREAM = Buffer.from([0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0])

/** `struct Block { offset: long; metaDataLength: int; bodyLength: long }`, padded to 8. */
const BLOCK_BYTES = 24

/** MetadataVersion.V5 */
const METADATA_VERSION = 4

/** Where a message lies in the file. */
interface Block {
  readonly offset: number
  readonly metadataLength: number
  readonly bodyLength: number
}

/**
 * Writes frames as an Arrow IPC file, also known as Feather v2: `ARROW1`, the messages of the stream format, a
 * footer that says where each lies, its length, `ARROW1`.
 *
 * A dictionary that comes again as it was is left out.
 *
 * @param frames - the schema first
 * @returns views of the frames and small buffers of its own
 * @throws SternaError TYPE_UNSUPPORTED where a dictionary is replaced, which this format cannot hold
 * Source: Arrow `Columnar.rst`, "IPC File Format".
 */
export async function* writeIpcFile(
  frames: AsyncIterable<Frame>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const blocks: Record<'dictionary' | 'batch', Block[]> = { dictionary: [], batch: [] }
  const dictionaries = new Map<bigint, Buffer>()
  let schemaHeader: Uint8Array | undefined
  let offset = MAGIC.byteLength + 2
  yield Buffer.concat([MAGIC], offset)
  for await (const frame of frames) {
    if (frame.kind === 'metadata' || (frame.kind === 'dictionary' && isRepeated(frame, dictionaries)))
      continue
    const metadata = encapsulate(frame.header)
    const bodyBytes = frame.body.reduce((sum, view) => sum + view.byteLength, 0)
    const padding = new Uint8Array(-bodyBytes & 7)
    const block = {
      offset,
      metadataLength: metadata.byteLength,
      bodyLength: bodyBytes + padding.byteLength,
    }
    if (frame.kind === 'schema') schemaHeader = frame.header
    else blocks[frame.kind].push(block)
    offset += block.metadataLength + block.bodyLength
    yield* [metadata, ...frame.body, padding]
  }
  if (schemaHeader === undefined) throw new SternaError('SCHEMA_MISSING', 'There is no schema to write')
  const footer = encodeFooter(schemaHeader, blocks.dictionary, blocks.batch)
  const footerLength = Buffer.alloc(4)
  footerLength.writeInt32LE(footer.byteLength)
  yield Buffer.concat([END_OF_STREAM, footer, footerLength, MAGIC])
}

function isRepeated(frame: Frame, known: Map<bigint, Buffer>): boolean {
  const message = parseMessage(frame.header)
  if (message.kind !== 'dictionary' || message.isDelta) return false
  const bytes = Buffer.concat([frame.header, ...frame.body])
  const before = known.get(message.id)
  if (before === undefined) {
    known.set(message.id, bytes)
    return false
  }
  if (before.equals(bytes)) return true
  throw new SternaError(
    'TYPE_UNSUPPORTED',
    `Dictionary ${message.id} changes between batches, which the IPC file format cannot hold; write the stream format (arrows)`,
  )
}

/**
 * The flatbuffer `Footer { version: short; schema: Schema; dictionaries: [Block]; recordBatches: [Block] }`.
 *
 * The schema table is not built again: offsets in a flatbuffer are relative, so the message that holds it is copied
 * whole behind the footer's own parts, and the footer points into it. Source: Arrow `File.fbs`.
 */
function encodeFooter(
  schemaHeader: Uint8Array,
  dictionaries: readonly Block[],
  batches: readonly Block[],
): Buffer {
  const table = 16
  const dictionaryVector = table + 20
  const batchVector = dictionaryVector + 4 + dictionaries.length * BLOCK_BYTES + 4
  const schemaMessage = batchVector + 4 + batches.length * BLOCK_BYTES
  const footer = Buffer.alloc(schemaMessage + schemaHeader.byteLength)
  footer.writeUInt32LE(table, 0)
  // The vtable: its size, the table's size, then the place of each field in the table.
  for (const [index, value] of [12, 20, 16, 4, 8, 12].entries()) footer.writeUInt16LE(value, 4 + 2 * index)
  footer.writeInt32LE(table - 4, table)
  footer.writeUInt32LE(schemaMessage + schemaTablePosition(schemaHeader) - (table + 4), table + 4)
  footer.writeUInt32LE(dictionaryVector - (table + 8), table + 8)
  footer.writeUInt32LE(batchVector - (table + 12), table + 12)
  footer.writeInt16LE(METADATA_VERSION, table + 16)
  writeBlocks(footer, dictionaryVector, dictionaries)
  writeBlocks(footer, batchVector, batches)
  footer.set(schemaHeader, schemaMessage)
  return footer
}

function writeBlocks(footer: Buffer, position: number, blocks: readonly Block[]): void {
  footer.writeUInt32LE(blocks.length, position)
  for (const [index, block] of blocks.entries()) {
    const start = position + 4 + index * BLOCK_BYTES
    footer.writeBigInt64LE(BigInt(block.offset), start)
    footer.writeInt32LE(block.metadataLength, start + 8)
    footer.writeBigInt64LE(BigInt(block.bodyLength), start + 16)
  }
}

/** Follows `Message.header`, the third field of the root table, whose vtable entry is at byte 8. */
function schemaTablePosition(schemaHeader: Uint8Array): number {
  const view = new DataView(schemaHeader.buffer, schemaHeader.byteOffset, schemaHeader.byteLength)
  const message = view.getUint32(0, true)
  const vtable = message - view.getInt32(message, true)
  const field = message + view.getUint16(vtable + 8, true)
  return field + view.getUint32(field, true)
}
