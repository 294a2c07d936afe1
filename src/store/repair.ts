import { basename, join, relative } from 'node:path'
import { decapsulate } from '../../flight/ipc/stream.ts'
import { parseSchema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import { type FoundDataset, rebuildCatalog } from './catalog/rebuild.ts'
import type { NewPart } from './catalog/state.ts'
import { DataDir } from './disk/data-dir.ts'
import type { Disk } from './disk/disk.ts'
import { NodeDisk } from './disk/node-disk.ts'
import { parsePartFileName } from './disk/part-names.ts'
import { Quarantine } from './disk/quarantine.ts'
import { type FoundPart, type Lineage, traceLineage } from './lineage.ts'
import { type PartFooter, ParquetReader } from './parquet/parquet-reader.ts'
import { PartDamage, readPartNotes } from './parquet/part-seal.ts'
import { ARROW_SCHEMA_KEY } from './parquet/schema-hints.ts'
import { decodeNotes } from './part-notes.ts'
import { type PartOrigin, parseOrigin } from './part-origin.ts'
import { findLogs, withLogs } from './repair-logs.ts'

/** What a repair did. */
export interface RepairSummary {
  readonly datasets: number
  readonly parts: number
  /** Files that were moved to `quarantine/`, and why. */
  readonly quarantined: readonly { readonly name: string; readonly reason: string }[]
}

interface ReadablePart extends FoundPart {
  readonly footer: PartFooter
  /** What it says of its columns; null of a part that says nothing. */
  readonly notes: Uint8Array | null
}

/** A file of other programs says nothing of where it belongs. */
interface FoundFile extends Omit<ReadablePart, 'origin'> {
  readonly origin: PartOrigin | undefined
}

/**
 * Makes the catalog again from the parts alone; the old one stays beside it. Parts that cannot be read, that are not
 * ours, or that were replaced long ago go to `quarantine/`.
 *
 * @throws DATA_DIR_LOCKED while a server runs; CONFIG_INVALID where there is no such directory; DISK_FULL, DISK_FAILED
 */
export async function repair(path: string): Promise<RepairSummary> {
  const disk = new NodeDisk()
  // A path with a slip in it would be made a lake without rows.
  if ((await disk.stat(path)) === undefined) {
    throw new SternaError('CONFIG_INVALID', `There is no data directory to be repaired (${path})`)
  }
  const dataDir = await DataDir.open(path, disk)
  const reader = new ParquetReader()
  try {
    const quarantine = new Quarantine(disk, dataDir.quarantinePath)
    const quarantined: { name: string; reason: string }[] = []
    const setAside = async (partPath: string, reason: string): Promise<void> => {
      await quarantine.add(partPath)
      quarantined.push({ name: basename(partPath), reason })
    }
    const found: FoundFile[] = []
    for (const partPath of await dataDir.partPaths()) {
      try {
        found.push(await readPart(disk, reader, dataDir, partPath))
      } catch (error) {
        await setAside(partPath, SternaError.from(error).message)
      }
    }
    const adopted = adoptedParts(found)
    const readable: ReadablePart[] = []
    for (const { origin: own, ...file } of found) {
      const origin = own ?? adopted.get(file.path)
      if (origin !== undefined) readable.push({ ...file, origin })
      else await setAside(join(dataDir.coldPath, file.path), 'It does not say which dataset it belongs to')
    }
    const lineages = traceLineage(readable)
    for (const part of lineages.flatMap(({ superseded }) => superseded)) {
      await setAside(join(dataDir.coldPath, part.path), 'a later put has replaced it')
    }
    const isRollup = ({ live }: Lineage<ReadablePart>): boolean =>
      live.some(({ origin }) => origin.rollup !== undefined)
    for (const part of lineages.filter(isRollup).flatMap(({ live }) => live)) {
      const reason = `it is of a rollup, which has to be declared again: ${part.origin.rollup ?? ''}`
      await setAside(join(dataDir.coldPath, part.path), reason)
    }
    const whole = lineages.filter((lineage) => !isRollup(lineage))
    const logs = await findLogs(disk, dataDir.logPath, readable)
    const known = withLogs(whole.filter(({ live }) => live.length > 0).map(toDataset), logs)
    const { datasets, skipped } = rebuildCatalog(
      dataDir.catalogPath,
      { dataPath: dataDir.coldPath, historyMs: 0 },
      known,
    )
    for (const { ref, error } of skipped) {
      const parts = known.find((dataset) => dataset.ref === ref)?.parts ?? []
      for (const part of parts) await setAside(join(dataDir.coldPath, part.path), error.message)
    }
    const parts = known.reduce((sum, dataset) => sum + dataset.parts.length, 0)
    return { datasets, parts, quarantined }
  } finally {
    await reader.close()
    await dataDir.close()
  }
}

/** What parts without rows say of files that other programs wrote. By path. */
function adoptedParts(found: readonly FoundFile[]): Map<string, PartOrigin> {
  const adopted = new Map<string, PartOrigin>()
  for (const { origin, path: marker } of found) {
    if (origin?.mode !== 'rollback') continue
    const { ref, writtenMs } = origin
    for (const path of origin.sources ?? []) {
      const put = `${marker} ${path}`
      adopted.set(path, {
        ref,
        mode: 'append',
        put,
        order: 0,
        arrowBytes: 0,
        ...(writtenMs !== undefined && { writtenMs }),
      })
    }
  }
  return adopted
}

async function readPart(
  disk: Disk,
  reader: ParquetReader,
  dataDir: DataDir,
  path: string,
): Promise<FoundFile> {
  const footer = await reader.readPartMetadata(path)
  const origin = parseOrigin(footer.metadata)
  const number = parsePartFileName(basename(path))?.number ?? 0
  const notes = await readNotes(disk, path)
  return { path: relative(dataDir.coldPath, path), number, origin, footer, notes }
}

/** Null, too, where they are damaged: the rows may be whole, and reading them tells. */
async function readNotes(disk: Disk, path: string): Promise<Uint8Array | null> {
  const file = await disk.open(path, 'read')
  try {
    return await readPartNotes(file)
  } catch (error) {
    if (error instanceof PartDamage) return null
    throw error
  } finally {
    await file.close()
  }
}

function toDataset({ ref, live }: Lineage<ReadablePart>): FoundDataset {
  const encoded = live.at(-1)?.footer.metadata.get(ARROW_SCHEMA_KEY) ?? ''
  const schemaHeader = decapsulate(Buffer.from(encoded, 'base64'))
  const parts = live.map((part) => toNewPart(part, part.footer.metadata.get(ARROW_SCHEMA_KEY) === encoded))
  return { ref, schemaHeader, schema: parseSchema(schemaHeader), parts }
}

/** @param isOfSchema - whether its columns are those of the dataset: of others what it says of them is left aside */
function toNewPart({ path, origin, footer, notes }: ReadablePart, isOfSchema: boolean): NewPart {
  const { rows, fileBytes, footerBytes } = footer
  const tier = origin.mode === 'rewrite' ? 'cold' : 'warm'
  return {
    ...{ path, tier, rows, fileBytes, footerBytes, arrowBytes: origin.arrowBytes },
    isForeign: parseOrigin(footer.metadata) === undefined,
    // Of thousands of parts at once, only the bytes are kept.
    get columns() {
      return notes === null || !isOfSchema ? [] : decodeNotes(notes)
    },
  }
}
