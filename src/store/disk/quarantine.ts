import { basename, dirname, join } from 'node:path'

import { errnoOf } from '../../errors.ts'
import type { Disk } from './disk.ts'

/** The folder of what could not be used. Nothing in it is ever removed or written over. */
export class Quarantine {
  readonly #disk: Disk
  readonly #folder: string

  /** @param folder - absolute; made with the first file */
  constructor(disk: Disk, folder: string) {
    this.#disk = disk
    this.#folder = folder
  }

  /**
   * Moves a file here, durably; where the folders are on different file systems by a copy.
   *
   * @param path - absolute
   * @param name - to be called here; where it is taken, with a number behind it
   * @throws the errno error of the operating system; the file is then where it was
   */
  async add(path: string, name: string = basename(path)): Promise<void> {
    await this.#disk.mkdir(this.#folder)
    for (let copy = 0; ; copy += 1) {
      const target = join(this.#folder, copy === 0 ? name : `${name}.${copy}`)
      try {
        await this.#move(path, target)
        break
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error
      }
    }
    await this.#disk.syncDirectory(this.#folder)
    await this.#disk.syncDirectory(dirname(this.#folder))
  }

  async #move(path: string, target: string): Promise<void> {
    try {
      await this.#disk.renameNew(path, target)
    } catch (error) {
      if (errnoOf(error) !== 'EXDEV') throw error
      await this.#disk.link(path, target)
      await this.#disk.unlink(path)
    }
  }
}
