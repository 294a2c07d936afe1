import { relative, resolve } from 'node:path'
import type { Logger } from '../telemetry/log.ts'
import type { DataDir } from './disk/data-dir.ts'
import type { Disk } from './disk/disk.ts'
import { Quarantine } from './disk/quarantine.ts'
import { PartDamage, readPartTail } from './parquet/part-seal.ts'

/**
 * Clears `cold/` of files that are named as parts and that no snapshot names. What a crash has left of ours is removed:
 * sealed parts of puts that did not come to their commit, or that were replaced just before, and names of files that
 * have others, as an adoption gives them. All else may be the only copy somebody has, and goes to `quarantine/`.
 *
 * The caller must be sure of its catalog: with a new and empty one this removes every part there is.
 *
 * @param found - what there was before the catalog was asked; absolute
 * @param livePaths - every part that a snapshot names, absolute or relative to `cold/`: none of them is looked into
 */
export async function clearDeadParts(
  { disk, dataDir, log }: { disk: Disk; dataDir: DataDir; log: Logger },
  found: readonly string[],
  livePaths: Iterable<string>,
): Promise<void> {
  const live = new Set(Array.from(livePaths, (path) => resolve(dataDir.coldPath, path)))
  const quarantine = new Quarantine(disk, dataDir.quarantinePath)
  let removed = 0
  // One by one: the last of several names of a file has to see that it is the last.
  for (const path of found) {
    if (live.has(path)) continue
    const reason = await reasonToKeep(disk, path)
    if (reason === null) {
      await disk.unlink(path)
      removed += 1
      continue
    }
    log.warn({ file: relative(dataDir.coldPath, path), reason }, 'store.file_quarantined')
    await quarantine.add(path)
  }
  if (removed > 0) log.info({ parts: removed }, 'store.dead_parts_removed')
}

/** Null of what can go: a part of ours, or one name of several. */
async function reasonToKeep(disk: Disk, path: string): Promise<string | null> {
  const stat = await disk.stat(path)
  if (stat !== undefined && stat.links > 1) return null
  // A pipe has no bytes either, and would be waited for.
  if (stat?.bytes === 0) return 'the catalog does not name it, and it is empty'
  try {
    const file = await disk.open(path, 'read')
    try {
      const { seal } = await readPartTail(
        (target, position) => file.read(target, position),
        await file.size(),
      )
      return seal === null ? 'the catalog does not name it, and another program has written it' : null
    } finally {
      await file.close()
    }
  } catch (error) {
    const detail = error instanceof PartDamage ? error.message : 'it cannot be read'
    return `the catalog does not name it, and ${detail}`
  }
}
