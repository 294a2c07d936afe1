import { SternaError } from '../errors.ts'
import type { Logger } from '../telemetry/log.ts'
import { Catalog } from './catalog/catalog.ts'
import { clearDeadParts } from './dead-parts.ts'
import { DataDir } from './disk/data-dir.ts'
import type { Disk } from './disk/disk.ts'
import { NodeDisk } from './disk/node-disk.ts'
import { failpoint } from './failpoints.ts'
import type { FlushPart } from './log/log-flushes.ts'
import { type AppendOptions, Logs } from './log/logs.ts'

/** What is needed to open a lake; see `StoreOptions`. */
interface OpenOptions {
  readonly dataDir: string
  readonly append: AppendOptions
  readonly history: number
  readonly disk?: Disk
}

/** What stands on the disk, open and in order: what a crash has left is gone. */
export interface OpenLake {
  readonly disk: Disk
  readonly dataDir: DataDir
  readonly catalog: Catalog
  readonly logs: Logs
}

/**
 * Takes the data directory's lock, empties `tmp/`, clears `cold/` of files that no snapshot names, and reads the logs.
 *
 * @param flushPart - makes parts of logs, from when they are returned on
 * @throws CONFIG_INVALID, DATA_DIR_LOCKED, DISK_FAILED, DATA_CORRUPT
 */
export async function openLake(options: OpenOptions, flushPart: FlushPart, log: Logger): Promise<OpenLake> {
  if (/[*?[]/.test(options.dataDir)) {
    throw new SternaError(
      'CONFIG_INVALID',
      'The path of the data directory holds *, ? or [, which DuckDB takes for a pattern',
    )
  }
  const disk = options.disk ?? new NodeDisk()
  const dataDir = await DataDir.open(options.dataDir, disk)
  try {
    const hasCatalog = (await disk.stat(dataDir.catalogPath)) !== undefined
    const found = await dataDir.partPaths()
    if (!hasCatalog && found.length > 0) {
      throw new SternaError(
        'DATA_CORRUPT',
        `The data directory holds ${found.length} parts but no catalog; "sterna repair" makes one from the parts`,
      )
    }
    const catalog = Catalog.open(dataDir.catalogPath, {
      dataPath: dataDir.coldPath,
      historyMs: options.history,
    })
    failpoint('start.catalog_opened')
    await clearDeadParts({ disk, dataDir, log }, found, catalog.paths())
    failpoint('start.parts_removed')
    const logs = await Logs.open({
      disk,
      root: dataDir.logPath,
      quarantine: dataDir.quarantinePath,
      state: () => catalog.state(),
      catalogId: catalog.id(),
      tableName: (tableId) => catalog.logName(tableId),
      idsOf: (tableId) => catalog.logIds(tableId),
      options: options.append,
      flushPart,
      log,
    })
    catalog.onUncertain((error) => logs.fail(error))
    failpoint('start.recovered')
    return { disk, dataDir, catalog, logs }
  } catch (error) {
    await dataDir.close()
    throw error
  }
}
