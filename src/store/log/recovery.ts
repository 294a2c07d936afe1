import { basename, join } from 'node:path'
import { type Frame, splitFrame } from '../../../flight/frame.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { Logger } from '../../telemetry/log.ts'
import type { CatalogDataset, CatalogState } from '../catalog/state.ts'
import type { Disk } from '../disk/disk.ts'
import { Quarantine } from '../disk/quarantine.ts'
import { batchId } from './batch-id.ts'
import type { KnownBatch } from './id-window.ts'
import { findLogFiles, type LogFileName } from './log-files.ts'
import { LogSegment } from './log-segment.ts'
import { readSegment, refOf, type SegmentContent } from './segment-reader.ts'
import { failpoint } from '../failpoints.ts'

/** A log as it was when the server ended, but for what was not acknowledged. */
export interface RecoveredLog {
  readonly dataset: CatalogDataset
  /** With rows that are in no part. */
  readonly segments: readonly LogSegment[]
  readonly ids: readonly (readonly [string, KnownBatch])[]
  /** The last that was given to a batch. */
  readonly sequence: number
  readonly fileNumber: number
}

/** Where logs are, and what their rows belong to. */
export interface RecoveryParts {
  readonly disk: Disk
  /** `log/` of the data directory. */
  readonly root: string
  /** Where files go that cannot be used. */
  readonly quarantine: string
  readonly state: () => CatalogState
  /** Names this catalog, for ever. */
  readonly catalogId: string
  /** What the log of a table calls it. */
  readonly tableName: (tableId: number) => string
  readonly log: Logger
}

/**
 * Reads all logs. A record that was being written is cut off; files whose rows are all in parts are removed; what is
 * damaged is kept in `quarantine/` as well, and files whose dataset is gone are moved there.
 *
 * @throws DISK_FAILED, DISK_FULL
 */
export async function recoverLogs(parts: RecoveryParts): Promise<RecoveredLog[]> {
  const recovered: RecoveredLog[] = []
  const folders = (await findLogFiles(parts.disk, parts.root)).values()
  const recoverNext = async (): Promise<void> => {
    for (const files of folders) {
      const log = await recoverFolder(parts, files)
      if (log !== null) recovered.push(log)
    }
  }
  await Promise.all(Array.from({ length: LIMITS.logReadsMax }, recoverNext))
  return recovered
}

async function recoverFolder(
  parts: RecoveryParts,
  files: readonly LogFileName[],
): Promise<RecoveredLog | null> {
  let dataset: CatalogDataset | null = null
  let sequence = 0
  const segments: LogSegment[] = []
  const ids: [string, KnownBatch][] = []
  for (const { path } of files) {
    const bytes = await readFile(parts, path)
    failpoint('start.log_found')
    let content = readSegment(bytes)
    const owner: CatalogDataset | null = content.head === null ? dataset : ownerOf(parts, content.head)
    if (owner === null) {
      if (isDead(parts, content)) await parts.disk.unlink(path)
      else await quarantine(parts, path, 'the catalog does not know its dataset')
      continue
    }
    dataset = owner
    if (content.schema === null) content = readSegment(bytes, owner.schema)
    if (content.damaged > 0) await keepCopy(parts, path, bytes, content)
    const segment = new LogSegment(path, 0)
    for (const { entry, frames } of batchesOf(content, owner)) {
      sequence = Math.max(sequence, entry.sequence)
      if (entry.sequence <= owner.logFlushed) continue
      segment.add(entry.sequence, entry.timeMs, frames)
      const id = idOf(entry.frame)
      const known = { sequence: entry.sequence, rows: entry.frame.rows, timeMs: entry.timeMs }
      if (id !== null) ids.push([id, known])
    }
    if (segment.sequence === 0) {
      await parts.disk.unlink(path)
      continue
    }
    await settle(parts, path, content.end, bytes.length)
    segment.fileBytes = content.end
    segments.push(segment)
  }
  const fileNumber = files.at(-1)?.number ?? 0
  return dataset === null ? null : { dataset, segments, ids, sequence, fileNumber }
}

interface Batch {
  readonly entry: SegmentContent['entries'][number]
  /** With the dictionaries before it. */
  readonly frames: readonly Frame[]
}

function* batchesOf(content: SegmentContent, { schema }: CatalogDataset): Generator<Batch> {
  let before: Frame[] = []
  for (const entry of content.entries) {
    if (entry.frame.kind !== 'batch') {
      before.push(entry.frame)
      continue
    }
    yield { entry, frames: [...before, ...splitFrame(entry.frame, schema, LIMITS.frameBytesTarget)] }
    before = []
  }
}

/** True for files of which nobody needs anything: their table was dropped, or nothing in them was ever acknowledged. */
function isDead({ catalogId }: RecoveryParts, { head, end, damaged }: SegmentContent): boolean {
  if (head === null) return end === 0 && damaged === 0
  return head.table.startsWith(`${catalogId}/`)
}

function ownerOf(parts: RecoveryParts, head: NonNullable<SegmentContent['head']>): CatalogDataset | null {
  const dataset = parts.state().get(refOf(head))
  return dataset !== undefined && parts.tableName(dataset.tableId) === head.table ? dataset : null
}

function idOf({ appMetadata }: Frame): string | null {
  try {
    return batchId(appMetadata)
  } catch {
    return null
  }
}

async function readFile({ disk }: RecoveryParts, path: string): Promise<Buffer> {
  const file = await disk.open(path, 'read')
  try {
    const bytes = Buffer.allocUnsafeSlow(await file.size())
    const length = await file.read(bytes, 0)
    return bytes.subarray(0, length)
  } finally {
    await file.close()
  }
}

/** Cuts off what was not acknowledged, and makes sure that what is shown from now on stays. */
async function settle(
  { disk, log }: RecoveryParts,
  path: string,
  end: number,
  length: number,
): Promise<void> {
  const file = await disk.open(path, 'update')
  try {
    if (end < length) {
      log.warn({ file: basename(path), bytes: length - end }, 'log.tail_cut')
      await file.truncate(end)
    }
    await file.sync()
  } finally {
    await file.close()
  }
}

async function keepCopy(
  { disk, quarantine, log }: RecoveryParts,
  path: string,
  bytes: Buffer,
  content: SegmentContent,
): Promise<void> {
  const error = new SternaError(
    'DATA_CORRUPT',
    `A log file has ${content.damaged} damaged stretches; ${content.unreadable} more batches lack a dictionary`,
  )
  log.error({ err: error, file: basename(path) }, 'log.damaged')
  await disk.mkdir(quarantine)
  const target = join(quarantine, quarantineName(path))
  if ((await disk.stat(target)) !== undefined) return
  const file = await disk.open(target, 'create')
  try {
    await file.write([bytes], 0)
    await file.sync()
  } finally {
    await file.close()
  }
  await disk.syncDirectory(quarantine)
}

async function quarantine(
  { disk, quarantine, log }: RecoveryParts,
  path: string,
  reason: string,
): Promise<void> {
  log.error({ file: basename(path), reason }, 'log.quarantined')
  await new Quarantine(disk, quarantine).add(path, quarantineName(path))
}

/** The file with its folder, as one name. */
function quarantineName(path: string): string {
  const [number, folder] = path.split('/').reverse()
  return `${folder ?? ''}.${number ?? ''}`
}
