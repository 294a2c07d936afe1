import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Frame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import type { StagedPart } from '../parts.ts'
import type { Publisher } from '../publisher.ts'
import type { PutMode, PutTarget } from '../put-session.ts'

/** What a put in a transaction tells it. */
export interface PutHooks {
  /** @throws DATASET_EXISTS, SCHEMA_MISMATCH */
  readonly check: (ref: DatasetRef, mode: PutMode, schema: Schema) => void
  /** Takes the rows in; those that want to read the transaction see them from then on. */
  readonly staged: (input: {
    readonly ref: DatasetRef
    readonly mode: PutMode
    readonly schemaFrame: Frame
    readonly schema: Schema
    readonly parts: readonly StagedPart[]
  }) => Promise<void>
}

/** What a session of a put needs whose rows are for a transaction: they are written, and committed by that. */
export function transactionPutTarget(
  publisher: Pick<
    Publisher,
    'begun' | 'discard' | 'isCrowded' | 'partArrowBytesTarget' | 'stage' | 'temporaryPath'
  >,
  { check, staged }: PutHooks,
): PutTarget {
  return {
    get partArrowBytesTarget() {
      return publisher.partArrowBytesTarget
    },
    // Nobody else reads them yet.
    cacheShareBytes: 0,
    get isCrowded() {
      return publisher.isCrowded
    },
    check,
    temporaryPath: (name) => publisher.temporaryPath(name),
    stage: (...part) => publisher.stage(...part),
    discard: (paths) => publisher.discard(paths),
    begun: (session) => publisher.begun(session),
    async publish({ ref, mode, schemaFrame, schema, parts }) {
      await staged({ ref, mode, schemaFrame, schema, parts })
      const rows = parts.reduce((sum, { written }) => sum + written.rows, 0)
      return { key: ref.key, schema: ref.schema, version: 0, rows, parts: parts.length }
    },
  }
}
