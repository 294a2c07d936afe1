import { randomUUID } from 'node:crypto'
import { relative } from 'node:path'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { ComparedParts } from '../compared-parts.ts'
import type { DataDir } from '../disk/data-dir.ts'
import type { PartOrigin } from '../part-origin.ts'
import type { NewRows, StagedPart } from '../parts.ts'
import type { Publisher } from '../publisher.ts'
import { SegmentBuilder } from '../segments.ts'

/** What a transaction writes its files with. */
export interface FilesParts {
  readonly publisher: Pick<
    Publisher,
    'discard' | 'isCrowded' | 'partArrowBytesTarget' | 'stage' | 'temporaryPath'
  >
  readonly compared: Pick<ComparedParts, 'verify'>
  readonly dataDir: Pick<DataDir, 'coldPath'>
}

/** The files of a transaction. They stand in `tmp/`, under names that no catalog has, until it is committed. */
export class TransactionFiles {
  readonly #parts: FilesParts
  /** By the temporary path of a part: what it says of itself. */
  readonly #origins = new Map<string, PartOrigin>()
  /** Of parts that others have written for it. */
  readonly #taken = new Set<string>()
  #bytes = 0

  constructor(parts: FilesParts) {
    this.#parts = parts
  }

  /** Takes parts over that others have written. */
  take(parts: readonly StagedPart[]): void {
    for (const { path } of parts) this.#taken.add(path)
  }

  /** Writes rows to parts. @throws LIMIT_EXCEEDED, DATA_CORRUPT, DISK_FULL, DISK_FAILED; what the rows throw */
  async write(rows: NewRows): Promise<readonly StagedPart[]> {
    for (const path of rows.sources ?? []) {
      await this.#parts.compared.verify({ path, of: rows.ref }, rows.signal)
    }
    const staged: StagedPart[] = []
    const put = randomUUID()
    const segment = new SegmentBuilder()
    const stage = async (): Promise<void> => {
      if (!segment.isEmpty) staged.push(...(await this.#stage(rows, put, staged.length, segment)))
    }
    for await (const frame of rows.frames) {
      segment.add(frame)
      const { isCrowded, partArrowBytesTarget } = this.#parts.publisher
      const bytesMax = isCrowded
        ? Math.min(LIMITS.crowdedPartBytes, partArrowBytesTarget)
        : partArrowBytesTarget
      if (segment.bytes >= bytesMax) await stage()
    }
    await stage()
    return staged
  }

  /** What is left of a crash goes at the next start. */
  async discard(): Promise<void> {
    const paths = [...this.#taken, ...this.#origins.keys()]
    this.#taken.clear()
    this.#origins.clear()
    await this.#parts.publisher.discard(paths).catch(() => undefined)
  }

  async #stage(
    { ref, schema, place, signal }: NewRows,
    put: string,
    order: number,
    builder: SegmentBuilder,
  ): Promise<readonly StagedPart[]> {
    const { publisher } = this.#parts
    const segment = builder.take()
    const path = publisher.temporaryPath(`${put}.${order}.parquet`)
    const origin = { ...this.#originOf(place), ref, put, order, arrowBytes: segment.bytes }
    this.#origins.set(path, origin)
    const parts = await publisher.stage({ origin, schema, segment, path }, signal)
    for (const part of parts) {
      this.#origins.set(part.path, origin)
      this.#bytes += part.written.fileBytes
    }
    if (this.#bytes > LIMITS.transactionBytesMax) {
      throw new SternaError(
        'LIMIT_EXCEEDED',
        `The transaction has written ${this.#bytes} bytes; the limit is ${LIMITS.transactionBytesMax}`,
      )
    }
    return parts
  }

  #originOf(place: NewRows['place']): Pick<PartOrigin, 'mode' | 'sources'> {
    if (place === 'end') return { mode: 'append' }
    if (place === 'whole') return { mode: 'replace' }
    const own = this.#origins.get(place.path)
    if (own === undefined) {
      return { mode: 'rewrite', sources: [relative(this.#parts.dataDir.coldPath, place.path)] }
    }
    return { mode: own.mode, ...(own.sources && { sources: own.sources }) }
  }
}
