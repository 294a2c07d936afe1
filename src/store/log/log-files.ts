import { dirname, join } from 'node:path'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import type { Disk } from '../disk/disk.ts'
import { encodeName } from '../disk/part-names.ts'

/** The schema whose logs lie in `log/` itself; every other has a folder of its own there. */
const MAIN_SCHEMA = 'main'

/** One file of a log, found at the start. */
export interface LogFileName {
  readonly path: string
  readonly number: number
}

/** Where the log of a dataset lies, as parts do: `log/<key>`, `log/<schema>/<key>`. */
export function logFolder(root: string, { schema, key }: DatasetRef): string {
  return schema === MAIN_SCHEMA
    ? join(root, encodeName(key))
    : join(root, encodeName(schema), encodeName(key))
}

export function logFileName(number: number): string {
  return `${number}.log`
}

/** Makes a folder below `root`, durably. */
export async function makeFolder(disk: Disk, root: string, folder: string): Promise<void> {
  await disk.mkdir(folder)
  for (let path = dirname(folder); path.length >= root.length; path = dirname(path)) {
    await disk.syncDirectory(path)
  }
}

/** Every log file below `root`, by folder, each folder's in the order of their numbers. */
export async function findLogFiles(disk: Disk, root: string): Promise<LogFileName[][]> {
  const found: LogFileName[][] = []
  const folders = [root]
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    const files: LogFileName[] = []
    for (const { name, isDirectory } of await disk.readdir(folder)) {
      const path = join(folder, name)
      const number = /^([1-9]\d{0,14})\.log$/.exec(name)?.[1]
      if (isDirectory) folders.push(path)
      else if (number !== undefined) files.push({ path, number: Number(number) })
    }
    if (files.length > 0) found.push(files.sort((a, b) => a.number - b.number))
  }
  return found
}
