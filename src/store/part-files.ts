import { basename, dirname, join } from 'node:path'
import type { DatasetRef } from '../../flight/descriptor.ts'
import { errnoOf } from '../errors.ts'
import type { CatalogPart } from './catalog/state.ts'
import type { ComparedParts } from './compared-parts.ts'
import type { Disk } from './disk/disk.ts'
import { sealPart } from './parquet/part-seal.ts'
import { encodeName, parsePartFileName, partFileName } from './disk/part-names.ts'
import { failpoint } from './failpoints.ts'
import { encodeNotes } from './part-notes.ts'
import type { ColumnStats, PinnedPart } from './parts.ts'

/** The schema whose parts lie in `cold/` itself; every other has a folder of its own there. */
const MAIN_SCHEMA = 'main'

/**
 * Brings written parts from their temporary names to their own, durably.
 *
 * A name is never used twice while the server runs: readers of an older snapshot, and caches that know a file by its
 * name, may still hold it.
 */
export class PartFiles {
  readonly #disk: Disk
  readonly #coldDirectory: string
  readonly #compared: Pick<ComparedParts, 'trust' | 'trustAs' | 'forget'>
  readonly #lastNumbers = new Map<string, number>()
  readonly #pinned = new WeakMap<CatalogPart, PinnedPart>()

  /** @param compared - is told which files this process has written, and which go */
  constructor(
    disk: Disk,
    coldDirectory: string,
    compared: Pick<ComparedParts, 'trust' | 'trustAs' | 'forget'>,
  ) {
    this.#disk = disk
    this.#coldDirectory = coldDirectory
    this.#compared = compared
  }

  /** Where a part lies. @param path - relative to `cold/`, as the catalog has it */
  absolutePath(path: string): string {
    return join(this.#coldDirectory, path)
  }

  /** A part as readers know it: one object for each, for as long as the catalog has it. */
  pinnedPart(part: CatalogPart, of: DatasetRef): PinnedPart {
    const known = this.#pinned.get(part)
    if (known !== undefined) return known
    const pinned = { path: this.absolutePath(part.path), rows: part.rows, of }
    this.#pinned.set(part, pinned)
    return pinned
  }

  /** Takes the number of a part that is there out of circulation. @param path - relative to `cold/` */
  reserve(path: string): void {
    // Parts that another engine wrote have names of another form, which cannot collide with ours.
    const parsed = parsePartFileName(basename(path))
    if (parsed === undefined) return
    const name = join(dirname(path), parsed.name)
    this.#lastNumbers.set(name, Math.max(this.#lastNumbers.get(name) ?? -1, parsed.number))
  }

  /**
   * Seals a finished temporary file with checksums and makes it durable.
   *
   * @param columns - what the file keeps of them for the case that the catalog is lost
   * @returns its size in bytes
   */
  async finish(path: string, columns: readonly ColumnStats[]): Promise<number> {
    failpoint('part.written')
    const file = await this.#disk.open(path, 'update')
    try {
      await sealPart(file, encodeNotes(columns))
      await file.sync()
      failpoint('part.synced')
      return await file.size()
    } finally {
      await file.close()
    }
  }

  /**
   * Moves a synced temporary file to the next free name of its dataset.
   *
   * @param suffix - of its partition, if it is of one
   * @returns the path relative to `cold/`
   */
  publish(ref: DatasetRef, temporaryPath: string, suffix: string | null): Promise<string> {
    return this.#publish(ref, suffix, async (path) => {
      await this.#disk.renameNew(temporaryPath, path)
      this.#compared.trust(path)
    })
  }

  /** Gives a part the next free name of a dataset as well. @param part - relative to `cold/`, as is what it returns */
  publishLink(ref: DatasetRef, part: string, suffix: string | null): Promise<string> {
    return this.#publish(ref, suffix, async (path) => {
      await this.#disk.link(this.absolutePath(part), path)
      this.#compared.trustAs(this.absolutePath(part), path)
    })
  }

  async #publish(
    ref: DatasetRef,
    suffix: string | null,
    give: (path: string) => Promise<void>,
  ): Promise<string> {
    const folder = folderOf(ref)
    const stem = suffix === null ? ref.key : `${ref.key}_${suffix}`
    const name = join(folder, encodeName(stem))
    await this.#disk.mkdir(join(this.#coldDirectory, folder))
    for (;;) {
      const number = (this.#lastNumbers.get(name) ?? -1) + 1
      const path = join(folder, partFileName(stem, number))
      this.reserve(path)
      try {
        await give(this.absolutePath(path))
        failpoint('part.named')
        return path
      } catch (error) {
        // Taken by a file that waits for its readers, or by a key that differs in case only.
        if (errnoOf(error) !== 'EEXIST') throw error
      }
    }
  }

  /** Makes the names in a dataset's folder durable. */
  async syncFolder(ref: DatasetRef): Promise<void> {
    const folder = folderOf(ref)
    await this.#disk.syncDirectory(join(this.#coldDirectory, folder))
    if (folder !== '') await this.#disk.syncDirectory(this.#coldDirectory)
    failpoint('part.folder_synced')
  }

  /** Removes files; those that are not there are no error. @param paths - relative to `cold/` */
  async remove(paths: readonly string[]): Promise<void> {
    failpoint('files.removing')
    for (const path of paths) {
      this.#compared.forget(this.absolutePath(path))
      await this.#disk.unlink(this.absolutePath(path))
    }
  }
}

function folderOf(ref: DatasetRef): string {
  return ref.schema === MAIN_SCHEMA ? '' : encodeName(ref.schema)
}
