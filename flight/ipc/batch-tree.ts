import { malformedIpc } from './flatbuffer.ts'
import { bufferCount, hasValidity, type Layout, layoutOf } from './layout.ts'
import type { BatchHeader, BufferRange, FieldNode, IpcMessage } from './message-reader.ts'
import type { Field, Schema } from './types.ts'

/** One array of a batch with the buffers that are its own. */
export interface Column {
  field: Field
  layout: Layout
  node: FieldNode
  /** Null where the layout has none; of length 0 where nothing is null. */
  validity: BufferRange | null
  /** The buffers after the validity bitmap, in the order of the layout; for views their data buffers too. */
  buffers: BufferRange[]
  /** Empty where the field is dictionary-encoded. */
  children: Column[]
}

/**
 * Deals the nodes and buffers of a batch out to the fields, in pre-order as the IPC format has them.
 *
 * @param fields - of the schema, or the one of {@link dictionaryField} for a dictionary batch
 * @throws WireError IPC_MALFORMED where there are more or fewer than the fields need
 */
export function readColumns(fields: readonly Field[], batch: BatchHeader): Column[] {
  const dealer = { batch, nodes: 0, buffers: 0, variadicCounts: 0 }
  const columns = fields.map((field) => readColumn(field, dealer))
  checkCount('nodes', batch.nodes.length, dealer.nodes)
  checkCount('buffers', batch.buffers.length, dealer.buffers)
  checkCount('variadic buffer counts', batch.variadicCounts.length, dealer.variadicCounts)
  return columns
}

/** How many of each a batch has dealt out. */
interface Dealer {
  batch: BatchHeader
  nodes: number
  buffers: number
  variadicCounts: number
}

function readColumn(field: Field, dealer: Dealer): Column {
  const layout = layoutOf(field)
  const node = dealer.batch.nodes[dealer.nodes]
  if (node === undefined) throw malformedIpc(`it has ${dealer.nodes} nodes, and its schema needs more`)
  dealer.nodes += 1
  const validity = hasValidity(layout) ? takeBuffer(dealer) : null
  const buffers: BufferRange[] = []
  for (let left = bufferCount(layout); left > 0; left -= 1) buffers.push(takeBuffer(dealer))
  if (layout.kind === 'view') {
    for (let left = takeVariadicCount(dealer); left > 0; left -= 1) buffers.push(takeBuffer(dealer))
  }
  const children = field.dictionary === null ? field.children.map((child) => readColumn(child, dealer)) : []
  return { field, layout, node, validity, buffers, children }
}

function takeBuffer(dealer: Dealer): BufferRange {
  const buffer = dealer.batch.buffers[dealer.buffers]
  if (buffer === undefined) throw malformedIpc(`it has ${dealer.buffers} buffers, and its schema needs more`)
  dealer.buffers += 1
  return buffer
}

function takeVariadicCount(dealer: Dealer): number {
  const count = dealer.batch.variadicCounts[dealer.variadicCounts]
  if (count === undefined) throw malformedIpc('a view column has no variadic buffer count')
  dealer.variadicCounts += 1
  return count
}

function checkCount(what: string, found: number, expected: number): void {
  if (found !== expected) throw malformedIpc(`it has ${found} ${what}, and its schema needs ${expected}`)
}

/** The fields that a batch message has arrays for. */
export function fieldsOf(message: Exclude<IpcMessage, { kind: 'schema' }>, schema: Schema): readonly Field[] {
  return message.kind === 'batch' ? schema.fields : [dictionaryField(message.id, schema)]
}

/** The values of a dictionary as a field of their own. */
function dictionaryField(id: bigint, schema: Schema): Field {
  const field = findDictionary(id, schema.fields)
  if (field === undefined) throw malformedIpc(`dictionary ${id} is not in the schema`)
  return { ...field, dictionary: null }
}

function findDictionary(id: bigint, fields: readonly Field[]): Field | undefined {
  for (const field of fields) {
    if (field.dictionary?.id === id) return field
    const found = findDictionary(id, field.children)
    if (found !== undefined) return found
  }
  return undefined
}
