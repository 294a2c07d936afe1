import { closeSync, existsSync, fsyncSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { SternaError } from '../../errors.ts'
import { Catalog, type CatalogOptions } from './catalog.ts'
import type { Change, LogChange } from './commit.ts'
import type { NewPart } from './state.ts'

/** A dataset as its parts on disk tell of it. */
export interface FoundDataset {
  readonly ref: DatasetRef
  readonly schemaHeader: Uint8Array
  readonly schema: Schema
  /** In the order of their rows. */
  readonly parts: readonly NewPart[]
  readonly log?: LogChange | undefined
}

export interface RebuildResult {
  readonly datasets: number
  /** Those that cannot stand in a catalog, and why; their files are left alone. */
  readonly skipped: readonly { readonly ref: DatasetRef; readonly error: SternaError }[]
}

/** Datasets in one snapshot of the new catalog: enough that an fsync for each batch does not matter. */
const BATCH_DATASETS = 500

/** SQLite keeps a write-ahead log and its index beside the file. */
const SUFFIXES = ['', '-wal', '-shm']

/**
 * Makes a new catalog from parts. It takes the place of the one in `path` when it is complete; that one stays
 * beside it as `<path>.old`. No process may have it open.
 *
 * @throws {@link SternaError} DISK_FULL, DISK_FAILED
 */
export function rebuildCatalog(
  path: string,
  options: CatalogOptions,
  found: readonly FoundDataset[],
): RebuildResult {
  const fresh = `${path}.new`
  for (const suffix of [...SUFFIXES, '-journal']) rmSync(fresh + suffix, { force: true })
  const catalog = Catalog.openAs(fresh, options, 'delete')
  const skipped: { ref: DatasetRef; error: SternaError }[] = []
  const changes = found.map((dataset): PutChange => ({ kind: 'put', mode: 'create', ...dataset }))
  try {
    for (let start = 0; start < changes.length; start += BATCH_DATASETS) {
      commitAll(catalog, changes.slice(start, start + BATCH_DATASETS), skipped)
    }
  } finally {
    catalog.close()
  }
  for (const suffix of SUFFIXES) {
    rmSync(`${path}.old${suffix}`, { force: true })
    if (existsSync(path + suffix)) renameSync(path + suffix, `${path}.old${suffix}`)
  }
  renameSync(fresh, path)
  syncFolder(dirname(path))
  return { datasets: found.length - skipped.length, skipped }
}

type PutChange = Extract<Change, { kind: 'put' }>

/** A batch that is refused goes one by one, so that one dataset does not keep others out. */
function commitAll(
  catalog: Catalog,
  batch: readonly PutChange[],
  skipped: { ref: DatasetRef; error: SternaError }[],
): void {
  try {
    catalog.commit(batch, 'Rebuilt from parts')
  } catch (error) {
    const [only] = batch
    if (!(error instanceof SternaError) || isDiskError(error) || only === undefined) throw error
    if (batch.length === 1) skipped.push({ ref: only.ref, error })
    else for (const change of batch) commitAll(catalog, [change], skipped)
  }
}

function isDiskError(error: SternaError): boolean {
  return error.code === 'DISK_FULL' || error.code === 'DISK_FAILED'
}

function syncFolder(path: string): void {
  const folder = openSync(path, 'r')
  try {
    fsyncSync(folder)
  } finally {
    closeSync(folder)
  }
}
