import type { DatasetRef } from '../../../flight/descriptor.ts'
import { type Frame, makeFrame } from '../../../flight/frame.ts'
import { LIMITS } from '../../limits.ts'
import { bucketStart } from '../bucket.ts'
import type { Catalog } from '../catalog/catalog.ts'
import type { PartTimes } from '../catalog/part-times.ts'
import type { CatalogDataset, CatalogPart, RollupState } from '../catalog/state.ts'
import { failpoint } from '../failpoints.ts'
import type { Lake, PinnedLake, StagedPart } from '../parts.ts'
import type { Publisher } from '../publisher.ts'
import { latestTime } from '../rollup-status.ts'
import { PutSession, type PutTarget } from '../put-session.ts'

/** Reads a dataset of a lake in order. Implemented over DuckDB; the store neither knows nor imports that. */
export type RollupReader = (
  lake: Lake,
  ref: DatasetRef,
  signal: AbortSignal,
) => Promise<{ readonly frames: AsyncIterable<Frame>; close(): void }>

export interface RefreshParts {
  readonly catalog: Catalog
  readonly publisher: Publisher
  /** The state of the catalog as it is, without the rows of any log. */
  readonly pinParts: () => PinnedLake
  readonly reader: RollupReader
}

type Rollup = CatalogDataset & { readonly rollup: RollupState }

/** What a refresh has to make: rows of buckets from `fromUs` (null: the first) up to `toUs`, which is not among them. */
interface Span {
  readonly fromUs: number | null
  readonly toUs: number
}

/**
 * Brings the parts of a rollup up to the last bucket of its source that has ended: one query over what is not in them,
 * one commit. Readers see the same rows before and after.
 *
 * Only parts of the source are read. What is in its log is left to the readers, which know from its earliest time what
 * of the rollup it belongs to; so a flush of the log takes nothing away from what is made here.
 *
 * @returns bytes of the files that it has written
 * @throws what reading the source throws; COMMIT_CONFLICT where rows of it were replaced meanwhile
 */
export async function refreshRollup(
  parts: RefreshParts,
  ref: DatasetRef,
  signal: AbortSignal,
): Promise<number> {
  const [dataset, source] = current(parts, ref)
  const span = dataset && source && spanOf(parts.catalog, dataset, source)
  if (!span) return 0
  const touched = touchedParts(parts.catalog, dataset, span)
  const { tableId, version } = source
  const refreshed = { source: { tableId, version }, watermarkUs: span.toUs }
  let fileBytes = 0
  const commit = async (staged: readonly StagedPart[]): Promise<CatalogDataset> => {
    failpoint('refresh.read')
    fileBytes = staged.reduce((sum, { written }) => sum + written.fileBytes, 0)
    return parts.publisher.refresh(dataset, staged, touched, refreshed)
  }
  const result = await parts.reader(lakeOf(parts, dataset, touched, span), ref, signal)
  const schemaFrame = makeFrame(dataset.schemaHeader, [], { kind: 'schema' })
  const session = new PutSession(targetOf(parts.publisher, commit), ref, 'append', schemaFrame, {})
  try {
    let rows = 0
    for await (const frame of result.frames) {
      rows += frame.rows
      await session.write(inOnePiece(frame))
    }
    if (rows > 0) {
      await session.commit(Promise.resolve())
    } else {
      await session.abort()
      await commit([])
    }
    return fileBytes
  } catch (error) {
    await session.abort()
    throw error
  } finally {
    result.close()
  }
}

/** The rollup and its source as they are; where nothing of its parts is true any more, these go first. */
function current(
  { catalog, publisher }: RefreshParts,
  ref: DatasetRef,
): [Rollup | undefined, CatalogDataset | undefined] {
  const dataset = rollupOf(catalog.state().get(ref))
  const source = dataset && catalog.state().get(dataset.rollup.definition.source)
  if (!dataset || !source || source.blocked !== null) return [undefined, undefined]
  const { tableId, version } = source
  const known = dataset.rollup.source
  if (known.tableId === tableId && known.version === version) return [dataset, source]
  // From here on the catalog says of every commit to the source from which instant on it matters.
  publisher.forgetRollup(dataset, { tableId, version })
  return [rollupOf(catalog.state().get(ref)), source]
}

function rollupOf(dataset: CatalogDataset | undefined): Rollup | undefined {
  return dataset?.rollup ? { ...dataset, rollup: dataset.rollup } : undefined
}

/** Null where every bucket that has ended is in the parts. */
function spanOf(catalog: Catalog, { rollup }: Rollup, source: CatalogDataset): Span | null {
  const { time, width } = rollup.definition
  const latestUs = latestTime(catalog, source, time)
  const toUs = latestUs === null ? null : bucketStart(width, latestUs)
  const fromUs = rollup.watermarkUs === null ? null : bucketStart(width, rollup.watermarkUs)
  if (toUs === null || (fromUs !== null && toUs <= fromUs)) return null
  return { fromUs, toUs }
}

/** The parts of the rollup whose rows are made anew, or written anew: with rows of the span, or small beside them. */
function touchedParts(catalog: Catalog, dataset: Rollup, { fromUs }: Span): CatalogPart[] {
  if (fromUs === null) return [...dataset.parts]
  const times = catalog.partTimes(dataset, dataset.rollup.definition.order[0])
  const touched = dataset.parts.filter(({ dataFileId }) => maxOf(times.get(dataFileId)) > fromUs)
  let bytes = touched.reduce((sum, part) => sum + part.arrowBytes, 0)
  for (const part of dataset.parts.toReversed()) {
    if (touched.includes(part)) continue
    if (part.arrowBytes > Math.max(bytes, LIMITS.rollupPartBytesMin)) break
    touched.push(part)
    bytes += part.arrowBytes
  }
  return touched
}

function maxOf(times: PartTimes | undefined): number {
  return times?.maxUs ?? Infinity
}

/** A lake in which the rollup has the rows that its next parts are to have, and there is nothing else. */
function lakeOf(
  { pinParts }: RefreshParts,
  dataset: Rollup,
  touched: readonly CatalogPart[],
  { toUs }: Span,
): Lake {
  const pin = pinParts()
  const known = pin.resolve(dataset.ref)
  const isTouched = new Set(touched.map(({ dataFileId }) => dataFileId))
  const shown = known?.rollup && {
    ...known,
    id: `${known.id} before ${toUs}`,
    parts: known.parts.filter((_, index) => isTouched.has(dataset.parts[index]?.dataFileId ?? -1)),
    rollup: { ...known.rollup, untilUs: toUs },
  }
  const lake: PinnedLake = {
    at: () => lake,
    resolve: () => shown ?? undefined,
    match: () => [],
    list: () => [],
    views: () => [],
    release: () => {
      pin.release()
    },
  }
  return { pin: () => lake }
}

function inOnePiece({ header, body, kind, rows }: Frame): Frame {
  return makeFrame(header, [Buffer.concat(body)], { kind, rows })
}

/** Takes parts in as for a put, but for the end. */
function targetOf(
  publisher: Publisher,
  commit: (staged: readonly StagedPart[]) => Promise<CatalogDataset>,
): PutTarget {
  return {
    partArrowBytesTarget: publisher.partArrowBytesTarget,
    // Its readers take rows of parts and of the source together: frames of the parts alone are of no use.
    cacheShareBytes: 0,
    get isCrowded() {
      return publisher.isCrowded
    },
    check: () => undefined,
    temporaryPath: (name) => publisher.temporaryPath(name),
    stage: (...segment) => publisher.stage(...segment),
    discard: (paths) => publisher.discard(paths),
    begun: (session) => publisher.begun(session),
    publish: async ({ ref, parts }) => {
      const { version, rows } = await commit(parts)
      return { ...ref, version, rows, parts: parts.length }
    },
  }
}
