import { isDeepStrictEqual } from 'node:util'
import type { DatasetRef } from '../../flight/descriptor.ts'
import { SternaError } from '../errors.ts'
import type { ComparedParts } from './compared-parts.ts'
import type { Catalog } from './catalog/catalog.ts'
import { type CatalogDataset, type CatalogPart, datasetName } from './catalog/state.ts'
import type { Disk } from './disk/disk.ts'
import type { ParquetReader } from './parquet/parquet-reader.ts'
import type { PartFiles } from './part-files.ts'
import { decodeNotes } from './part-notes.ts'
import { parseOrigin } from './part-origin.ts'
import type { ColumnStats } from './parts.ts'
import { PartDamage, readPartNotes } from './parquet/part-seal.ts'

/** A part that is not what the catalog or its own checksums say, or a place in the catalog that is not what was written. */
export interface Problem {
  /** The dataset; null where a place in the catalog is about none, or not known to be about one. */
  readonly key: string | null
  readonly schema: string | null
  /** Null for the catalog. */
  readonly part: string | null
  /** What is wrong with it, as words that can follow "because". */
  readonly problem: string
}

/** What a check saw. */
export interface CheckSummary {
  readonly datasets: number
  readonly parts: number
  readonly rows: number
  /** Bytes that were read and whose checksums were compared. */
  readonly bytes: number
  /** Parts of other programs, which have no checksums: of these only size, footer and row count were looked at. */
  readonly parts_without_checksums: number
  readonly problems: readonly Problem[]
}

export interface CheckParts {
  readonly disk: Disk
  readonly reader: ParquetReader
  readonly files: Pick<PartFiles, 'absolutePath'>
  /** Remembers the damage, so that SQL does not read it. */
  readonly compared: Pick<ComparedParts, 'verifyOpen'>
  readonly catalog: Pick<Catalog, 'newParts' | 'damage'>
}

interface PartCheck extends Pick<CheckParts, 'disk' | 'reader' | 'files' | 'compared'> {
  /** What the catalog says of the columns of a part; nothing where nobody knows. */
  readonly columnsOf: (part: CatalogPart) => readonly ColumnStats[]
}

/**
 * Reads the whole catalog, and every byte of the parts of some datasets, and compares size, checksums, row counts, and
 * the bounds and values of columns with what the catalog and the parts themselves say. Changes nothing.
 *
 * @param datasets - of one snapshot, which the caller keeps pinned
 * @throws SternaError CANCELLED; DISK_FAILED for anything but a file that is missing
 */
export async function checkDatasets(
  datasets: readonly CatalogDataset[],
  parts: CheckParts,
  signal: AbortSignal,
): Promise<CheckSummary> {
  const damage = await parts.catalog.damage(signal)
  const problems: Problem[] = damage.map(({ ref, place }) => ({
    key: ref?.key ?? null,
    schema: ref?.schema ?? null,
    part: null,
    problem: `the catalog is damaged in ${place}`,
  }))
  // A damaged catalog is not asked for more.
  const columnsOf = (part: CatalogPart): readonly ColumnStats[] =>
    damage.length === 0 ? (parts.catalog.newParts([part])[0]?.columns ?? []) : []
  const total = { parts: 0, rows: 0, bytes: 0, unsealed: 0 }
  for (const { ref, parts: live } of datasets) {
    for (const part of live) {
      total.parts += 1
      total.rows += part.rows
      try {
        const { bytes, isSealed } = await checkPart(ref, part, { ...parts, columnsOf }, signal)
        total.bytes += bytes
        if (!isSealed) total.unsealed += 1
      } catch (error) {
        problems.push({ key: ref.key, schema: ref.schema, part: part.path, problem: problemOf(error) })
      }
    }
  }
  return {
    datasets: datasets.length,
    parts: total.parts,
    rows: total.rows,
    bytes: total.bytes,
    parts_without_checksums: total.unsealed,
    problems,
  }
}

async function checkPart(
  ref: DatasetRef,
  part: CatalogPart,
  { disk, reader, files, compared, columnsOf }: PartCheck,
  signal: AbortSignal,
): Promise<{ bytes: number; isSealed: boolean }> {
  const path = files.absolutePath(part.path)
  if ((await disk.stat(path)) === undefined) throw new PartDamage('the file is not there')
  const file = await disk.open(path, 'read')
  let isSealed: boolean
  try {
    const fileBytes = await file.size()
    if (fileBytes !== part.fileBytes) {
      throw new PartDamage(`it has ${fileBytes} bytes, and the catalog says ${part.fileBytes}`)
    }
    isSealed = await compared.verifyOpen({ path, of: ref }, file, signal)
    checkColumns(await readPartNotes(file), columnsOf(part))
  } finally {
    await file.close()
  }
  const { rows, metadata } = await reader.readPartMetadata(path)
  const origin = parseOrigin(metadata)
  if (origin && datasetName(origin.ref) !== datasetName(ref)) {
    throw new PartDamage(`it is a part of dataset "${origin.ref.key}"`)
  }
  if (rows !== part.rows) throw new PartDamage(`it has ${rows} rows, and the catalog says ${part.rows}`)
  // Data, footer and the checksums themselves: every byte of a sealed part is covered.
  return { bytes: isSealed ? part.fileBytes : 0, isSealed }
}

/** @param notes - what the part says of its columns. @param known - what the catalog does: of some, nothing */
function checkColumns(notes: Uint8Array | null, known: readonly ColumnStats[]): void {
  if (notes === null) return
  const written = new Map(decodeNotes(notes).map((column) => [column.fieldId, column]))
  for (const column of known) {
    const own = written.get(column.fieldId)
    if (own !== undefined && !isDeepStrictEqual(factsOf(column), factsOf(own))) {
      throw new PartDamage(`the catalog says other things of its column "${own.name}" than it does`)
    }
  }
}

/** What leaves parts out. The catalog keeps no bound that has a NUL in it. */
function factsOf({ nullCount, min, max, containsNan, values, filter }: ColumnStats): unknown {
  const [low, high] = [min, max].map((bound) => (bound?.includes('\0') === true ? null : bound))
  return {
    nullCount,
    low,
    high,
    containsNan,
    values,
    filter: filter && Buffer.from(filter).toString('base64'),
  }
}

/** @throws what is no damage of the part */
function problemOf(error: unknown): string {
  if (error instanceof PartDamage) return error.message
  if (error instanceof SternaError && error.code === 'DATA_CORRUPT') return error.message
  throw SternaError.from(error)
}
