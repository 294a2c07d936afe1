import type { DatasetRef } from '../../flight/descriptor.ts'
import { encodeSchema, type Schema } from '../../flight/ipc/schema.ts'
import type { FoundDataset } from './catalog/rebuild.ts'
import { datasetName } from './catalog/state.ts'
import type { Disk } from './disk/disk.ts'
import type { FoundPart } from './lineage.ts'
import { findLogFiles } from './log/log-files.ts'
import { readSegment, refOf } from './log/segment-reader.ts'

/** A log that stands without its catalog. */
export interface FoundLog {
  readonly ref: DatasetRef
  readonly schema: Schema
  /** What its files call the table. */
  readonly name: string
  /** The last of its batches that is in a part. */
  readonly flushed: number
}

/**
 * The logs below `root`. Of several tables that a dataset had in its time the last one's: files of the others stay
 * where they are, and the next start moves them to `quarantine/`.
 *
 * @param parts - all that can be read: those made of a log say how far it was in its parts with them
 * @throws DISK_FAILED
 */
export async function findLogs(
  disk: Disk,
  root: string,
  parts: readonly FoundPart[],
): Promise<readonly FoundLog[]> {
  const found = new Map<string, FoundLog>()
  for (const files of await findLogFiles(disk, root)) {
    for (const { path } of files) {
      const { head, schema } = readSegment(await readAll(disk, path))
      if (head === null || schema === null) continue
      const ref = refOf(head)
      const flushed = parts.reduce(
        (last, { origin: { log } }) => (log?.table === head.table ? Math.max(last, log.sequence) : last),
        0,
      )
      found.set(datasetName(ref), { ref, schema, name: head.table, flushed })
    }
  }
  return [...found.values()]
}

/** Tells datasets of their logs, and adds those whose rows are all in theirs. */
export function withLogs(datasets: readonly FoundDataset[], logs: readonly FoundLog[]): FoundDataset[] {
  const byName = new Map(logs.map((log) => [datasetName(log.ref), log]))
  const known = datasets.map((dataset): FoundDataset => {
    const name = datasetName(dataset.ref)
    const log = byName.get(name)
    byName.delete(name)
    return { ...dataset, log: log && { flushed: log.flushed, name: log.name } }
  })
  const others = [...byName.values()].map(({ ref, schema, flushed, name }): FoundDataset => {
    return { ref, schemaHeader: encodeSchema(schema), schema, parts: [], log: { flushed, name } }
  })
  return [...known, ...others]
}

async function readAll(disk: Disk, path: string): Promise<Buffer> {
  const file = await disk.open(path, 'read')
  try {
    const bytes = Buffer.allocUnsafeSlow(await file.size())
    return bytes.subarray(0, await file.read(bytes, 0))
  } finally {
    await file.close()
  }
}
