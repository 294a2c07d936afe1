import type { DatasetRef } from '../../../flight/request.ts'
import type { Frame } from '../../../flight/frame.ts'
import { parseMessage } from '../../../flight/ipc/message.ts'
import type { Field, Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { shown } from '../gate/message.ts'

/**
 * The frames, of which no column that is NOT NULL has a null.
 *
 * @throws SternaError SQL_FAILED naming the column
 */
export async function* withoutNulls(
  ref: DatasetRef,
  schema: Schema,
  frames: AsyncIterable<Frame>,
): AsyncGenerator<Frame> {
  const required = requiredNodes(schema)
  for await (const frame of frames) {
    if (required.length > 0 && frame.kind === 'batch') assertNoNulls(ref, required, frame)
    yield frame
  }
}

interface RequiredNode {
  readonly name: string
  /** Its place among the nodes of a batch. */
  readonly node: number
}

function assertNoNulls(ref: DatasetRef, required: readonly RequiredNode[], { header }: Frame): void {
  const message = parseMessage(header)
  if (message.kind !== 'batch') return
  const found = required.find(({ node }) => (message.batch.nodes[node]?.nullCount ?? 0) > 0)
  if (found === undefined) return
  throw new SternaError(
    'SQL_FAILED',
    `Column "${shown(found.name)}" of "${ref.key}" is NOT NULL, and a row has no value for it`,
  )
}

function requiredNodes({ fields }: Schema): RequiredNode[] {
  const required: RequiredNode[] = []
  let node = 0
  for (const field of fields) {
    if (!field.nullable) required.push({ name: field.name, node })
    node += nodeCount(field)
  }
  return required
}

/** Indices into a dictionary are one node, whatever its values are. */
function nodeCount(field: Field): number {
  if (field.dictionary !== null) return 1
  return field.children.reduce((sum, child) => sum + nodeCount(child), 1)
}
