import { createHash, randomUUID } from 'node:crypto'
import { join, relative } from 'node:path'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Catalog } from './catalog/catalog.ts'
import { isInside } from './catalog/paths.ts'
import type { DataDir } from './disk/data-dir.ts'
import type { Disk } from './disk/disk.ts'
import type { Logs } from './log/logs.ts'
import type { Pins } from './pins.ts'

/** What a manifest says of itself; another number is another form. */
export const BACKUP_FORMAT = 1

/** One file of a backup. */
export interface BackupFile {
  /** Relative to the data directory, with slashes. */
  readonly path: string
  readonly bytes: number
}

/** A file as the manifest names it. */
export interface ManifestFile extends BackupFile {
  readonly sha256: string
}

/** What is in a backup; a backup without it is not complete. */
export interface BackupManifest {
  readonly format: typeof BACKUP_FORMAT
  /** The last snapshot in it, and when that was the current one: ISO 8601. */
  readonly snapshot: number
  readonly time: string
  readonly files: readonly ManifestFile[]
}

/** A backup as it is read: each file, the bytes of it after that, and the manifest at the end. */
export type BackupItem =
  | { readonly kind: 'file'; readonly file: BackupFile }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'manifest'; readonly manifest: BackupManifest }

export interface BackupParts {
  readonly disk: Disk
  readonly dataDir: Pick<DataDir, 'path' | 'coldPath' | 'tmpPath'>
  readonly catalog: Catalog
  readonly logs: Pick<Logs, 'keepFiles'>
  readonly pins: Pins
}

/**
 * Reads the lake as it is in one moment: the catalog, every part that it names, those of past versions included, and
 * the logs up to the last batch that was acknowledged. Whoever writes goes on; files that are replaced meanwhile stay
 * until this ends.
 *
 * @throws DATA_CORRUPT where a part is missing or the catalog is damaged; DISK_FULL, DISK_FAILED, CANCELLED
 */
export async function* readBackup(parts: BackupParts, signal: AbortSignal): AsyncGenerator<BackupItem> {
  const { disk, dataDir, catalog, logs, pins } = parts
  const copy = join(dataDir.tmpPath, `${randomUUID()}.sqlite`)
  // All of this is one moment: nothing waits in between.
  const { snapshotId } = catalog.state()
  const unpin = pins.pin(catalog.oldest())
  const kept = logs.keepFiles()
  try {
    catalog.copyTo(copy)
    const time = new Date().toISOString()
    const paths = [...catalog.paths()].filter(isInside).sort()
    const files: ManifestFile[] = []
    const sources = [
      ...paths.map((path) => ({ from: join(dataDir.coldPath, path), path: `cold/${path}`, end: undefined })),
      ...kept.files.map(({ path, bytes }) => ({
        from: path,
        path: relative(dataDir.path, path),
        end: bytes,
      })),
      { from: copy, path: 'catalog.sqlite', end: undefined },
    ]
    for (const { from, path, end } of sources) {
      const bytes = end ?? (await disk.stat(from))?.bytes
      if (bytes === undefined) throw new SternaError('DATA_CORRUPT', `The file ${path} is not there`)
      yield { kind: 'file', file: { path, bytes } }
      const hash = createHash('sha256')
      for await (const chunk of readFile(disk, from, bytes, signal)) {
        hash.update(chunk)
        yield { kind: 'bytes', bytes: chunk }
      }
      files.push({ path, bytes, sha256: hash.digest('hex') })
    }
    yield { kind: 'manifest', manifest: { format: BACKUP_FORMAT, snapshot: snapshotId, time, files } }
  } finally {
    kept.release()
    unpin()
    await disk.unlink(copy)
  }
}

async function* readFile(
  disk: Disk,
  path: string,
  bytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const file = await disk.open(path, 'read')
  try {
    for (let start = 0; start < bytes; start += LIMITS.backupChunkBytes) {
      signal.throwIfAborted()
      const chunk = Buffer.allocUnsafe(Math.min(LIMITS.backupChunkBytes, bytes - start))
      if ((await file.read(chunk, start)) !== chunk.byteLength) {
        throw new SternaError('DATA_CORRUPT', 'A file of the data directory is shorter than it was')
      }
      yield chunk
    }
  } finally {
    await file.close()
  }
}
