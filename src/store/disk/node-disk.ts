import { constants } from 'node:fs'
import {
  copyFile,
  link,
  mkdir,
  open,
  readdir,
  rename,
  rm,
  stat,
  unlink,
  type FileHandle,
} from 'node:fs/promises'
import { dirname } from 'node:path'

import { errnoOf } from '../../errors.ts'
import type { Disk, DiskEntry, DiskFile, DiskStat, OpenMode } from './disk.ts'

const FLAGS: Readonly<Record<OpenMode, string>> = { read: 'r', update: 'r+', create: 'wx', append: 'a' }

/** Errors of a file system that has no hard links. */
const NO_LINKS = new Set(['EPERM', 'ENOTSUP', 'ENOSYS', 'EOPNOTSUPP', 'EMLINK'])

/** The local file system. */
export class NodeDisk implements Disk {
  async open(path: string, mode: OpenMode): Promise<DiskFile> {
    return new NodeFile(await open(path, FLAGS[mode]))
  }

  async rename(from: string, to: string): Promise<void> {
    await rename(from, to)
  }

  async renameNew(from: string, to: string): Promise<void> {
    try {
      await link(from, to)
    } catch (error) {
      if (!NO_LINKS.has(errnoOf(error) ?? '')) throw error
      // Without hard links there is no atomic refusal; one server owns the folder, so asking first is enough.
      if ((await this.stat(to)) !== undefined) {
        throw Object.assign(new Error('EEXIST: the name is taken', { cause: error }), { code: 'EEXIST' })
      }
      await rename(from, to)
      return
    }
    await unlink(from)
  }

  async link(from: string, to: string): Promise<'link' | 'copy'> {
    try {
      await link(from, to)
      return 'link'
    } catch (error) {
      const errno = errnoOf(error) ?? ''
      if (!NO_LINKS.has(errno) && errno !== 'EXDEV') throw error
      await copyFile(from, to, constants.COPYFILE_EXCL)
      const copy = await open(to, 'r+')
      try {
        await copy.sync()
      } finally {
        await copy.close()
      }
      return 'copy'
    }
  }

  async unlink(path: string): Promise<void> {
    await rm(path, { force: true })
  }

  async removeTree(path: string): Promise<void> {
    await rm(path, { force: true, recursive: true })
  }

  async readdir(path: string): Promise<DiskEntry[]> {
    const entries = await readdir(path, { withFileTypes: true })
    return entries.map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
  }

  async stat(path: string): Promise<DiskStat | undefined> {
    try {
      const found = await stat(path)
      const { size: bytes, mtimeMs: modifiedMs, nlink: links } = found
      return { bytes, isDirectory: found.isDirectory(), modifiedMs, links }
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined
      throw error
    }
  }

  async mkdir(path: string): Promise<void> {
    // Not `recursive`: where the system says ENOENT of a name under a folder that is there, as in /proc, Node 20
    // tries for ever.
    try {
      await mkdir(path)
    } catch (error) {
      const errno = errnoOf(error)
      if (errno === 'EEXIST') {
        if ((await this.stat(path))?.isDirectory === true) return
        throw Object.assign(new Error('ENOTDIR: the name is that of a file', { cause: error }), {
          code: 'ENOTDIR',
        })
      }
      if (errno !== 'ENOENT' || (await this.stat(dirname(path))) !== undefined) throw error
      await this.mkdir(dirname(path))
      await this.mkdir(path)
    }
  }

  async syncDirectory(path: string): Promise<void> {
    // Windows opens no folders as files; its renames need no such step.
    if (process.platform === 'win32') return
    const handle = await open(path, 'r')
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  }
}

class NodeFile implements DiskFile {
  readonly #handle: FileHandle

  constructor(handle: FileHandle) {
    this.#handle = handle
  }

  async read(target: Uint8Array, position: number): Promise<number> {
    let filled = 0
    while (filled < target.byteLength) {
      const { bytesRead } = await this.#handle.read(
        target,
        filled,
        target.byteLength - filled,
        position + filled,
      )
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return filled
  }

  async write(chunks: readonly Uint8Array[], position?: number): Promise<void> {
    let pending = chunks.filter((chunk) => chunk.byteLength > 0)
    let at = position
    while (pending.length > 0) {
      // A gathered write takes at most 1024 chunks (IOV_MAX) and may stop anywhere.
      const { bytesWritten } = await this.#handle.writev(pending.slice(0, 1024), at)
      pending = dropBytes(pending, bytesWritten)
      if (at !== undefined) at += bytesWritten
    }
  }

  async truncate(bytes: number): Promise<void> {
    await this.#handle.truncate(bytes)
  }

  async sync(): Promise<void> {
    await this.#handle.datasync()
  }

  async size(): Promise<number> {
    return (await this.#handle.stat()).size
  }

  async close(): Promise<void> {
    await this.#handle.close()
  }
}

function dropBytes(chunks: readonly Uint8Array[], bytes: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let skip = bytes
  for (const chunk of chunks) {
    if (skip >= chunk.byteLength) {
      skip -= chunk.byteLength
      continue
    }
    rest.push(chunk.subarray(skip))
    skip = 0
  }
  return rest
}
