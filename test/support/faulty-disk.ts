/** A disk that fails as disks do: it has only so much room, writes a part of what it should, or loses what it was to keep. */
import type { Disk, DiskFile, OpenMode } from '../../src/store/disk/disk.ts'
import { NodeDisk } from '../../src/store/disk/node-disk.ts'

/** An error of the operating system. */
function errnoError(code: string): Error {
  return Object.assign(new Error(`${code}: injected`), { code })
}

/** The local disk, until it is told to fail. */
export class FaultyDisk extends NodeDisk implements Disk {
  /** Bytes that may still be written; the write that needs more writes these and rejects with ENOSPC. */
  room = Number.POSITIVE_INFINITY
  /** What each sync of a file rejects with; none while it is null. */
  syncError: string | null = null
  /** What each cut of a file rejects with. */
  truncateError: string | null = null
  /** Syncs of files that were asked for. */
  syncs = 0

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const file = await super.open(path, mode)
    return {
      read: (target, position) => file.read(target, position),
      write: (chunks, position) => this.#write(file, chunks, position),
      truncate: async (bytes) => {
        if (this.truncateError !== null) throw errnoError(this.truncateError)
        await file.truncate(bytes)
      },
      sync: async () => {
        this.syncs += 1
        if (this.syncError !== null) throw errnoError(this.syncError)
        await file.sync()
      },
      size: () => file.size(),
      close: () => file.close(),
    }
  }

  async #write(file: DiskFile, chunks: readonly Uint8Array[], position?: number): Promise<void> {
    const bytes = Buffer.concat(chunks)
    const fits = bytes.subarray(0, Math.max(0, Math.min(bytes.byteLength, this.room)))
    this.room -= fits.byteLength
    await file.write([fits], position)
    if (fits.byteLength < bytes.byteLength) throw errnoError('ENOSPC')
  }
}
