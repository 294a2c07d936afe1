/** What a file system entry is. */
export interface DiskEntry {
  readonly name: string
  readonly isDirectory: boolean
}

export interface DiskStat {
  readonly bytes: number
  readonly isDirectory: boolean
  readonly modifiedMs: number
  /** How many names the file has. */
  readonly links: number
}

/**
 * How a file is opened: `read` an existing one, `update` an existing one in place, `create` a new one (EEXIST where
 * the name is taken), `append` to one that is made where missing.
 */
export type OpenMode = 'read' | 'update' | 'create' | 'append'

/** An open file. Its owner closes it; every method rejects with the errno error of the operating system. */
export interface DiskFile {
  /**
   * Fills `target` from `position` on.
   *
   * @returns the bytes read: fewer than asked only where the file ends.
   */
  read(target: Uint8Array, position: number): Promise<number>
  /**
   * Writes all bytes of all chunks, or rejects; what was written before a failure is undefined.
   *
   * @param chunks - borrowed until the promise settles.
   * @param position - where to; without it, after what was written before (always so in mode `append`).
   */
  write(chunks: readonly Uint8Array[], position?: number): Promise<void>
  truncate(bytes: number): Promise<void>
  /** Resolves once the data, and the size needed to find it, are on the disk. */
  sync(): Promise<void>
  size(): Promise<number>
  close(): Promise<void>
}

/**
 * The file system as the store uses it, so that a test can put a failing one in its place. Paths are absolute.
 * Nothing but {@link DiskFile.sync} and {@link Disk.syncDirectory} makes anything durable.
 */
export interface Disk {
  open(path: string, mode: OpenMode): Promise<DiskFile>
  /** Replaces `to` where it exists. Atomic for readers; durable after `syncDirectory` of both folders. */
  rename(from: string, to: string): Promise<void>
  /**
   * As `rename`, but rejects with EEXIST where `to` exists: a part is never written over, not even where the file
   * system takes `BTC.parquet` and `btc.parquet` for one name.
   */
  renameNew(from: string, to: string): Promise<void>
  /**
   * Gives a file that never changes a second name; rejects with EEXIST where `to` exists. Where the file system cannot,
   * or `to` is on another one, `to` is a copy, synced.
   *
   * @returns whether it is one and the same file, or a copy
   */
  link(from: string, to: string): Promise<'link' | 'copy'>
  /** Removes a file; one that is not there is no error. */
  unlink(path: string): Promise<void>
  /** Removes a folder and all in it; one that is not there is no error. */
  removeTree(path: string): Promise<void>
  /** Entries by name, in no order. */
  readdir(path: string): Promise<DiskEntry[]>
  /** Undefined where there is nothing of that name. */
  stat(path: string): Promise<DiskStat | undefined>
  /** Makes a folder and those above it; one that is there is no error. */
  mkdir(path: string): Promise<void>
  /** Makes the names in a folder durable: those made, those renamed and those removed. */
  syncDirectory(path: string): Promise<void>
}
