import { createHash } from 'node:crypto'
import { dirname, join, resolve } from 'node:path'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import { BACKUP_FORMAT, type BackupManifest, type ManifestFile } from './backup.ts'
import { isInside } from './catalog/paths.ts'
import { DataDir } from './disk/data-dir.ts'
import type { Disk } from './disk/disk.ts'
import { NodeDisk } from './disk/node-disk.ts'

/** The name of the manifest in a backup, which comes last. */
const MANIFEST_NAME = 'manifest.json'

/** What a restore did. */
export interface RestoreSummary {
  readonly files: number
  readonly bytes: number
  readonly snapshot: number
  readonly time: string
}

/**
 * Makes a data directory of a backup. Every file is compared with its checksum on the way; the catalog comes last, so
 * that no server takes half of a restore for a lake.
 *
 * @param from - the folder of the backup
 * @param to - a folder that is empty, or not there
 * @throws CONFIG_INVALID where it is not empty; DATA_CORRUPT for a backup that is not complete or not as it was
 * written; DATA_DIR_LOCKED, DISK_FULL, DISK_FAILED
 */
export async function restore(
  from: string,
  to: string,
  disk: Disk = new NodeDisk(),
): Promise<RestoreSummary> {
  const source = resolve(from)
  const manifest = await readManifest(disk, source)
  const target = resolve(to)
  if ((await disk.stat(target)) !== undefined && (await disk.readdir(target)).length > 0) {
    throw new SternaError('CONFIG_INVALID', 'The data directory to restore to is not empty')
  }
  const dataDir = await DataDir.open(target, disk)
  try {
    const catalog = manifest.files.filter(({ path }) => path === 'catalog.sqlite')
    if (catalog.length !== 1) throw corrupt('its manifest names no catalog')
    for (const file of manifest.files.filter((item) => item !== catalog[0])) {
      await copyChecked(disk, file, join(source, file.path), join(target, file.path))
    }
    for (const folder of foldersOf(manifest.files)) await disk.syncDirectory(join(target, folder))
    const fresh = join(dataDir.tmpPath, 'catalog.sqlite')
    for (const file of catalog) await copyChecked(disk, file, join(source, file.path), fresh)
    await disk.rename(fresh, dataDir.catalogPath)
    await disk.syncDirectory(target)
  } finally {
    await dataDir.close()
  }
  const bytes = manifest.files.reduce((sum, file) => sum + file.bytes, 0)
  return { files: manifest.files.length, bytes, snapshot: manifest.snapshot, time: manifest.time }
}

async function readManifest(disk: Disk, folder: string): Promise<BackupManifest> {
  const path = join(folder, MANIFEST_NAME)
  const found = await disk.stat(path)
  if (found === undefined) throw corrupt(`it has no ${MANIFEST_NAME}, which is written last`)
  const file = await disk.open(path, 'read')
  let value: unknown
  try {
    const bytes = Buffer.alloc(found.bytes)
    await file.read(bytes, 0)
    value = JSON.parse(bytes.toString('utf8'))
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error
    throw corrupt(`its ${MANIFEST_NAME} is no JSON`)
  } finally {
    await file.close()
  }
  const manifest = value as Partial<BackupManifest> | null
  if (manifest?.format !== BACKUP_FORMAT || !Array.isArray(manifest.files)) {
    throw corrupt(`its format is not ${BACKUP_FORMAT}`)
  }
  for (const item of manifest.files as readonly Partial<ManifestFile>[]) {
    const { path: name = '', bytes, sha256 } = item
    const isOurs = name === 'catalog.sqlite' || /^(cold|log)\//.test(name)
    if (!isOurs || !isInside(name) || !Number.isSafeInteger(bytes) || typeof sha256 !== 'string') {
      throw corrupt('its manifest names a file that is none of a lake')
    }
  }
  return manifest as BackupManifest
}

async function copyChecked(
  disk: Disk,
  { path, bytes, sha256 }: ManifestFile,
  from: string,
  to: string,
): Promise<void> {
  if ((await disk.stat(from))?.bytes !== bytes)
    throw corrupt(`${path} has not the ${bytes} bytes it was written with`)
  await disk.mkdir(dirname(to))
  const source = await disk.open(from, 'read')
  try {
    const target = await disk.open(to, 'create')
    try {
      const hash = createHash('sha256')
      for (let start = 0; start < bytes; start += LIMITS.backupChunkBytes) {
        const chunk = Buffer.allocUnsafe(Math.min(LIMITS.backupChunkBytes, bytes - start))
        await source.read(chunk, start)
        hash.update(chunk)
        await target.write([chunk], start)
      }
      if (hash.digest('hex') !== sha256) throw corrupt(`${path} is not as it was written`)
      await target.sync()
    } finally {
      await target.close()
    }
  } finally {
    await source.close()
  }
}

/** Every folder of the files and those above it, the deepest first. */
function foldersOf(files: readonly ManifestFile[]): string[] {
  const folders = new Set<string>()
  for (const { path } of files) {
    for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) folders.add(folder)
  }
  return [...folders].sort((a, b) => b.length - a.length)
}

function corrupt(reason: string): SternaError {
  return new SternaError('DATA_CORRUPT', `The backup cannot be restored: ${reason}`)
}
