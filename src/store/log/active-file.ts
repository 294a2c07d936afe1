import { randomBytes } from 'node:crypto'
import type { DatasetRef } from '../../../flight/descriptor.ts'
import { type Frame, makeFrame } from '../../../flight/frame.ts'
import type { Disk, DiskFile } from '../disk/disk.ts'
import { failpoint } from '../failpoints.ts'
import type { Append } from './append.ts'
import { gather } from './gather.ts'
import { makeFolder } from './log-files.ts'
import { LogSegment } from './log-segment.ts'
import type { SegmentHead } from './segment-reader.ts'

/** The dataset whose log a file is of, and where that lies. */
export interface LogTarget {
  readonly ref: DatasetRef
  /** Names the table for ever, beyond this catalog. */
  readonly table: string
  readonly schemaHeader: Uint8Array
  readonly disk: Disk
  /** Of all logs. */
  readonly root: string
  readonly folder: string
}

/** Where a group of batches stands in its log. */
export interface GroupPlace {
  /** Of its first batch. */
  readonly sequence: number
  /** When it is written, ms since 1970. */
  readonly timeMs: number
}

/** A group of batches that is in the file and that no reader sees yet. */
export interface WrittenGroup extends GroupPlace {
  readonly bytes: number
  /** Of each batch, with the dictionaries that it needs before it. */
  readonly frames: readonly (readonly Frame[])[]
}

/** The file that a log is written to. */
export class ActiveFile {
  readonly segment: LogSegment
  readonly #disk: Disk
  readonly #file: DiskFile
  /** True where acknowledged bytes, or those of the group that was written last, may not be on the disk yet. */
  #isDirty = false

  /** Makes the file, which can be read without any other. @param path - where none is */
  static async create(
    { disk, root, folder, ref, table, schemaHeader }: LogTarget,
    path: string,
    first: GroupPlace,
  ): Promise<ActiveFile> {
    await makeFolder(disk, root, folder)
    const segment = new LogSegment(path, randomBytes(4).readUInt32LE())
    const head: SegmentHead = { format: 1, schema: ref.schema, key: ref.key, table }
    const schemaFrame = makeFrame(schemaHeader, [], { kind: 'schema', rows: 0 })
    const chunks = [
      ...segment.record({ kind: 'head', ...first }, [Buffer.from(JSON.stringify(head))]),
      ...segment.record({ kind: 'schema', ...first }, wireBytes(schemaFrame)),
    ]
    const file = await disk.open(path, 'create')
    try {
      await file.write(chunks, 0)
      failpoint('append.file_made')
      await disk.syncDirectory(folder)
    } catch (error) {
      await file.close()
      await disk.unlink(path)
      throw error
    }
    segment.fileBytes = byteLength(chunks)
    return new ActiveFile(segment, disk, file)
  }

  private constructor(segment: LogSegment, disk: Disk, file: DiskFile) {
    this.segment = segment
    this.#disk = disk
    this.#file = file
  }

  /** Writes a group behind what is acknowledged, by one gathered write. */
  async write(group: readonly Append[], first: GroupPlace): Promise<WrittenGroup> {
    const frames: Frame[][] = []
    const chunks: Uint8Array[] = []
    for (const [index, { frame, pieces, dictionaries }] of group.entries()) {
      const head = { sequence: first.sequence + index, timeMs: first.timeMs }
      const before = this.segment.dictionaries.advanceTo(dictionaries)
      for (const dictionary of before) {
        chunks.push(...this.segment.record({ kind: 'dictionary', ...head }, wireBytes(dictionary)))
      }
      chunks.push(...this.segment.record({ kind: 'batch', ...head }, wireBytes(frame)))
      frames.push([...before, ...pieces])
    }
    await this.#file.write(gather(chunks), this.segment.fileBytes)
    this.#isDirty = true
    return { ...first, bytes: byteLength(chunks), frames }
  }

  /** Lets readers see a group, whose bytes stay from now on. */
  add({ sequence, timeMs, bytes, frames }: WrittenGroup): void {
    this.segment.fileBytes += bytes
    for (const [index, batch] of frames.entries()) this.segment.add(sequence + index, timeMs, batch)
  }

  /** Has what was written be on the disk. After a failure nobody knows what is. */
  async sync(): Promise<void> {
    if (!this.#isDirty) return
    await this.#file.sync()
    failpoint('append.synced')
    this.#isDirty = false
  }

  /** Takes away what stands behind the acknowledged batches. */
  truncate(): Promise<void> {
    return this.#file.truncate(this.segment.fileBytes)
  }

  /** As {@link truncate}, on the disk as well. */
  async cut(): Promise<void> {
    await this.truncate()
    await this.#file.sync()
  }

  /** Lets go of the file; one without a batch goes. What the disk says to that changes nothing. */
  async close(): Promise<void> {
    await this.#file.close().catch(() => undefined)
    if (this.segment.sequence === 0) await this.#disk.unlink(this.segment.path).catch(() => undefined)
  }
}

/** A message as it goes on the wire, which is what a record keeps of it. */
function wireBytes(frame: Frame): Uint8Array[] {
  return [frame.head, ...frame.body]
}

function byteLength(chunks: readonly Uint8Array[]): number {
  return chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
}
