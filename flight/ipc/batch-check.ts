import { type Column, fieldsOf, readColumns } from './batch-tree.ts'
import { malformedIpc } from './flatbuffer.ts'
import type { BufferRange, IpcMessage } from './message-reader.ts'
import type { Schema } from './types.ts'

/**
 * Checks that a batch fits its schema and its body: as many nodes, buffers and rows as the fields need, each buffer
 * inside the body and, where it is not compressed, large enough for its rows.
 *
 * It reads no byte of the body; `checkOffsets` looks at what the offsets in it say. A schema message has nothing to
 * check.
 *
 * @param bodyLength - bytes received, which must be what the header says: else a stream made of both would be cut
 * in the wrong places
 * @throws WireError IPC_MALFORMED, naming the column
 */
export function checkBatch(message: IpcMessage, schema: Schema, bodyLength: number): void {
  if (message.kind === 'schema') return
  const { batch } = message
  if (message.bodyLength !== bodyLength) {
    throw malformedIpc(`its body has ${bodyLength} bytes, and its header says ${message.bodyLength}`)
  }
  for (const { offset, length } of batch.buffers) {
    if (offset + length > bodyLength) {
      throw malformedIpc(`a buffer ends at byte ${offset + length} of a body of ${bodyLength}`)
    }
  }
  const isCompressed = batch.compression !== null
  for (const column of readColumns(fieldsOf(message, schema), batch)) {
    if (column.node.length !== batch.rows) {
      throw malformedIpc(`column "${column.field.name}" has ${column.node.length} rows of ${batch.rows}`)
    }
    checkColumn(column, isCompressed)
  }
}

function checkColumn(column: Column, isCompressed: boolean): void {
  const { node, field } = column
  if (node.nullCount > node.length) {
    throw malformedIpc(`column "${field.name}" has ${node.nullCount} nulls in ${node.length} rows`)
  }
  if (isCompressed) checkCompressed(column)
  else checkSizes(column)
  checkChildren(column)
  for (const child of column.children) checkColumn(child, isCompressed)
}

/** Spec: a buffer that is not empty begins with its real length, an int64. */
function checkCompressed({ field, validity, buffers }: Column): void {
  for (const { length } of validity === null ? buffers : [validity, ...buffers]) {
    if (length > 0 && length < 8) {
      throw malformedIpc(`column "${field.name}" has a compressed buffer of ${length} bytes, and needs 8`)
    }
  }
}

function checkSizes({ field, layout, node, validity, buffers }: Column): void {
  const count = node.length
  if (validity !== null && (validity.length > 0 || node.nullCount > 0)) {
    checkSize(field.name, 'validity', validity, Math.ceil(count / 8))
  }
  const [first, second] = buffers
  switch (layout.kind) {
    case 'bits':
      return checkSize(field.name, 'data', first, Math.ceil(count / 8))
    case 'fixed':
      return checkSize(field.name, 'data', first, count * layout.width)
    case 'view':
      return checkSize(field.name, 'views', first, count * 16)
    case 'bytes':
    case 'list':
      // Spec: without rows the one offset may be left out.
      return checkSize(field.name, 'offsets', first, count === 0 ? 0 : (count + 1) * layout.offsetWidth)
    case 'listView':
      checkSize(field.name, 'offsets', first, count * layout.offsetWidth)
      return checkSize(field.name, 'sizes', second, count * layout.offsetWidth)
    case 'union':
      checkSize(field.name, 'type ids', first, count)
      if (layout.isDense) checkSize(field.name, 'offsets', second, count * 4)
      return
    default:
      // The others have no buffers after their validity.
      return
  }
}

function checkSize(name: string, what: string, buffer: BufferRange | undefined, needed: number): void {
  const length = buffer?.length ?? 0
  if (length < needed)
    throw malformedIpc(`column "${name}" has ${length} bytes of ${what}, and needs ${needed}`)
}

/** Children that are read at the parent's own rows must have as many. */
function checkChildren({ field, layout, node, children }: Column): void {
  const [first, second] = children
  switch (layout.kind) {
    case 'struct':
      return checkLengths(field.name, children, node.length)
    case 'union':
      if (!layout.isDense) checkLengths(field.name, children, node.length)
      return
    case 'fixedList':
      return checkLengths(field.name, children, node.length * layout.size)
    case 'runEnd':
      if (first?.node.length !== second?.node.length || first?.node.nullCount !== 0) {
        throw malformedIpc(
          `column "${field.name}" has run ends that are null or more or fewer than its values`,
        )
      }
      if (node.length > 0) checkLengths(field.name, children, 1)
      return
    default:
      // Lists point into their child; checkOffsets follows them.
      return
  }
}

function checkLengths(name: string, children: readonly Column[], needed: number): void {
  for (const { field, node } of children) {
    if (node.length < needed) {
      throw malformedIpc(
        `column "${name}" has a child "${field.name}" of ${node.length} rows, and needs ${needed}`,
      )
    }
  }
}
