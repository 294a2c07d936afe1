import { randomUUID } from 'node:crypto'
import { schemasEqual } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import type { Catalog } from './catalog/catalog.ts'
import type { CatalogDataset, NewPart } from './catalog/state.ts'
import type { Logs } from './log/logs.ts'
import type { PartFiles } from './part-files.ts'
import { partitionSuffix } from './partitions.ts'
import { readable } from './pinned-snapshot.ts'
import type { Publisher } from './publisher.ts'

/** What a rollback answers. */
export interface RollbackSummary {
  readonly key: string
  readonly schema: string
  /** The version that it made, and the one whose rows that has. */
  readonly version: number
  readonly restored: number
  readonly rows: number
  readonly parts: number
}

export interface RollbackParts {
  readonly catalog: Catalog
  readonly files: PartFiles
  readonly logs: Pick<Logs, 'withoutRows' | 'sequenceOf'>
  readonly publisher: Publisher
}

/**
 * Makes a dataset what it was in a version that the caller keeps pinned: one commit, after which it has the parts of
 * then, under further names of the same files, and no row that came later.
 *
 * Rows of the log become a part first, so that the version before the rollback has them; batches that come meanwhile
 * wait, and are refused as by a replace. A part without rows says which parts are live from here on, for the case that
 * the catalog is lost: their own metadata tell of the put that wrote them.
 *
 * @param past - the dataset in that version
 * @throws NOT_IMPLEMENTED where another engine made what we cannot read; COMMIT_CONFLICT, DISK_FULL, DISK_FAILED
 */
export async function rollback(
  { catalog, files, logs, publisher }: RollbackParts,
  past: CatalogDataset,
  version: number,
): Promise<RollbackSummary> {
  const { ref, schema } = readable(past)
  const named: string[] = []
  const put = randomUUID()
  const marker = publisher.temporaryPath(`${put}.0.parquet`)
  try {
    const links: NewPart[] = []
    for (const part of catalog.newParts(past.parts)) {
      // Markers of earlier rollbacks have no rows.
      if (part.rows === 0) continue
      const path = await files.publishLink(ref, part.path, suffixOf(part))
      named.push(path)
      links.push({ ...part, path })
    }
    return await logs.withoutRows(ref, async (commit) => {
      const current = catalog.state().get(ref)
      const isSameTable = current !== undefined && schemasEqual(current.schema, schema, { metadata: false })
      const log = isSameTable
        ? {
            table: catalog.logName(current.tableId),
            sequence: Math.max(logs.sequenceOf(ref), current.logFlushed),
          }
        : undefined
      const origin = {
        ref,
        mode: 'rollback' as const,
        put,
        order: 0,
        arrowBytes: 0,
        sources: [...named],
        log,
      }
      const written = await publisher.stageMarker(origin, schema, marker)
      const path = await files.publish(ref, marker, null)
      named.push(path)
      await files.syncFolder(ref)
      const parts = [...links, { ...written, path, arrowBytes: 0, tier: 'warm' as const }]
      const after = commit(() => publisher.restore(past, parts, `Rolled back to version ${version}`))
      return {
        key: ref.key,
        schema: ref.schema,
        version: after.version,
        restored: version,
        rows: after.rows,
        parts: after.parts.length,
      }
    })
  } catch (error) {
    await publisher.discard([marker])
    // After a commit of which nobody knows how it ended, the next start sorts out what is named.
    if (!(error instanceof SternaError) || error.code !== 'DISK_FAILED') await files.remove(named)
    throw error
  }
}

function suffixOf({ partition }: NewPart): string | null {
  return partition ? partitionSuffix(partition.value) : null
}
