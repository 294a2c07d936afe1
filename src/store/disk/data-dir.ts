import { join, resolve } from 'node:path'

import { SternaError } from '../../errors.ts'
import type { Disk, DiskEntry } from './disk.ts'
import { LockFile } from './lock-file.ts'
import { encodeName, parsePartFileName, partFileName } from './part-names.ts'
import { failpoint } from '../failpoints.ts'

/** The schema whose parts stand in `cold/` itself. */
const MAIN_SCHEMA = 'main'

/**
 * The data directory, held by this process while it is open.
 *
 * ```
 * catalog.sqlite                          the catalog
 * cold/<key>.parquet, cold/<schema>/...   parts
 * log/<key>/<n>.log, log/<schema>/...     what is appended and not in a part yet
 * tmp/                                    what is being written
 * LOCK                                    one server at a time
 * ```
 */
export class DataDir {
  readonly path: string
  readonly coldPath: string
  readonly logPath: string
  readonly tmpPath: string
  /** What could not be used; never deleted from, since it may still be of use to its owner. */
  readonly quarantinePath: string
  readonly catalogPath: string
  readonly #disk: Disk
  readonly #lock: LockFile

  private constructor(path: string, disk: Disk, lock: LockFile) {
    this.path = path
    this.coldPath = join(path, 'cold')
    this.logPath = join(path, 'log')
    this.tmpPath = join(path, 'tmp')
    this.quarantinePath = join(path, 'quarantine')
    this.catalogPath = join(path, 'catalog.sqlite')
    this.#disk = disk
    this.#lock = lock
  }

  /**
   * Takes the directory for this process, makes what is missing in it and empties `tmp/`.
   *
   * @throws {@link SternaError} DATA_DIR_LOCKED where another server has it; CONFIG_INVALID where it is no lake, and has
   * files of others in `tmp/`.
   */
  static async open(path: string, disk: Disk): Promise<DataDir> {
    const root = resolve(path)
    await disk.mkdir(root)
    const dataDir = new DataDir(root, disk, await LockFile.acquire(root))
    try {
      // Only under the lock: until then all of this is another server's.
      failpoint('start.locked')
      await dataDir.#refuseForeign()
      await disk.removeTree(dataDir.tmpPath)
      failpoint('start.emptied')
      for (const folder of [dataDir.coldPath, dataDir.logPath, dataDir.tmpPath]) await disk.mkdir(folder)
      await disk.syncDirectory(root)
    } catch (error) {
      await dataDir.close()
      throw error
    }
    return dataDir
  }

  /** What stands in `tmp/` is removed: not where somebody named a folder that is no lake. */
  async #refuseForeign(): Promise<void> {
    const isThere = async (path: string): Promise<boolean> => (await this.#disk.stat(path)) !== undefined
    if ((await isThere(this.coldPath)) || (await isThere(this.catalogPath))) return
    if (!(await isThere(this.tmpPath)) || (await this.#disk.readdir(this.tmpPath)).length === 0) return
    throw new SternaError(
      'CONFIG_INVALID',
      'The data directory has no parts, but files in its folder tmp/, which a start removes: name another directory',
    )
  }

  /** The folder of a schema's parts. */
  schemaPath(schema: string): string {
    return schema === MAIN_SCHEMA ? this.coldPath : join(this.coldPath, encodeName(schema))
  }

  /** Where part `number` of a dataset stands. */
  partPath(ref: { readonly schema: string; readonly key: string }, number: number): string {
    return join(this.schemaPath(ref.schema), partFileName(ref.key, number))
  }

  /** Every file under `cold/` that is named as a part of ours, in no order. */
  async partPaths(): Promise<string[]> {
    const entries = await this.#disk.readdir(this.coldPath)
    const folders = entries
      .filter((entry) => entry.isDirectory)
      .map((entry) => join(this.coldPath, entry.name))
    const nested = await Promise.all(
      folders.map(async (path) => partsIn(path, await this.#disk.readdir(path))),
    )
    return [...partsIn(this.coldPath, entries), ...nested.flat()]
  }

  /** Lets another server have the directory. */
  async close(): Promise<void> {
    await this.#lock.release()
  }
}

function partsIn(folder: string, entries: readonly DiskEntry[]): string[] {
  return entries
    .filter((entry) => !entry.isDirectory && parsePartFileName(entry.name) !== undefined)
    .map((entry) => join(folder, entry.name))
}
