import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import type { PartBoundsIndex } from '../catalog/part-bounds.ts'
import type { CatalogDataset, CatalogPart } from '../catalog/state.ts'
import { toTimeText } from '../catalog/time.ts'
import { matchesGlob } from '../glob.ts'
import { limitsOf, type RetentionLimits, timeColumn } from '../options.ts'
import { instantKey } from '../part-filter.ts'
import type { PartWriter, TimeLimit } from '../parts.ts'

/** Limits for the datasets whose keys match, where these have none of their own. */
export interface RetentionRule extends RetentionLimits {
  readonly keys: string
}

/** What becomes of a part that does not stay as it is. */
export interface PartLoss {
  readonly part: CatalogPart
  /** Rows that stay; 0 where the whole part goes. */
  readonly kept: number
}

/** What goes of a dataset. */
export interface RetentionPlan {
  readonly losses: readonly PartLoss[]
  /** Rows from this time on stay; null where there is no limit of age. */
  readonly since: TimeLimit | null
}

/** Where the rows of a part stand to a limit of time, by what the catalog says of them. */
type Side = 'older' | 'younger' | 'both' | 'unknown'

/** What a plan is made of. */
export interface PlanParts {
  readonly bounds: PartBoundsIndex
  readonly countOlder: PartWriter['countOlder']
  readonly absolutePath: (path: string) => string
}

/**
 * The limits of a dataset: its own, else those of the first rule that its key matches. A rollup has none, whatever it
 * matches: it has the rows that its source gives.
 */
export function limitsFor(
  { ref, options, rollup }: CatalogDataset,
  rules: readonly RetentionRule[],
): RetentionLimits | undefined {
  if (rollup !== null) return undefined
  if (options.retention !== undefined) return limitsOf(options.retention)
  return rules.find(({ keys }) => matchesGlob(keys, ref.key))
}

/**
 * What goes of a dataset at an instant: all rows that are older than its age, counted in the parts that the catalog does
 * not decide; then whole parts, those with the oldest rows first, until the files that stay are within its size. The
 * part with the youngest rows stays whatever its size.
 *
 * @throws REQUEST_INVALID where the age is of no column that the dataset has; CANCELLED, DATA_CORRUPT
 */
export async function planRetention(
  dataset: CatalogDataset,
  limits: RetentionLimits,
  nowUs: number,
  { bounds, countOlder, absolutePath }: PlanParts,
  signal: AbortSignal,
): Promise<RetentionPlan> {
  const since = limits.age === undefined ? null : limitOf(dataset, limits, limits.age, nowUs)
  const kept = new Map<number, number>()
  if (since !== null) {
    const sides = sidesOf(bounds, dataset, since)
    for (const part of dataset.parts) {
      const side = sides(part)
      if (side === 'younger') continue
      const sources = [absolutePath(part.path)]
      const input = { schema: dataset.schema, sources, limit: since, signal }
      const older = side === 'older' ? part.rows : await countOlder(input)
      if (older > 0) kept.set(part.dataFileId, part.rows - older)
    }
  }
  if (limits.size !== undefined) {
    for (const part of oversize(dataset, limits, limits.size, bounds, kept)) kept.set(part.dataFileId, 0)
  }
  const losses = dataset.parts.flatMap((part) => {
    const rows = kept.get(part.dataFileId)
    return rows === undefined ? [] : [{ part, kept: rows }]
  })
  return { losses, since }
}

/**
 * Whether there is enough to do to begin by itself: a part that goes as a whole, or one whose oldest rows are late by
 * a share of the age, so that a part is not written anew for the rows of a minute.
 */
export function isRetentionDue(
  dataset: CatalogDataset,
  limits: RetentionLimits,
  nowUs: number,
  bounds: PartBoundsIndex,
): boolean {
  const { age, size } = limits
  if (size !== undefined && oversize(dataset, limits, size, bounds, new Map()).length > 0) return true
  if (age === undefined || timeColumn(dataset, limits.column) === undefined) return false
  const late = Math.min(age * LIMITS.retentionLateShareMax, LIMITS.retentionLateMsMax)
  const now = sidesOf(bounds, dataset, limitOf(dataset, limits, age, nowUs))
  const earlier = sidesOf(bounds, dataset, limitOf(dataset, limits, age + Math.floor(late), nowUs))
  return dataset.parts.some((part) => now(part) === 'older' || ['older', 'both'].includes(earlier(part)))
}

function limitOf(
  dataset: CatalogDataset,
  { column }: RetentionLimits,
  ageMs: number,
  nowUs: number,
): TimeLimit {
  const name = timeColumn(dataset, column)
  if (name === undefined) {
    const problem =
      column === undefined ? 'no single timestamp column' : `no timestamp or date column "${column}"`
    throw new SternaError(
      'REQUEST_INVALID',
      `Dataset "${dataset.ref.key}" has ${problem} that its retention could go by`,
    )
  }
  return { column: name, time: toTimeText(nowUs - ageMs * 1000) }
}

function sidesOf(
  bounds: PartBoundsIndex,
  dataset: CatalogDataset,
  { column, time }: TimeLimit,
): (part: CatalogPart) => Side {
  const known = bounds.of(dataset, column)
  const limit = instantKey(time)
  return ({ dataFileId, rows }) => {
    const part = known?.byPart.get(dataFileId)
    if (part === undefined || limit === null) return 'unknown'
    // Rows without a time have no age.
    if (part.nulls === rows) return 'younger'
    const [min, max] = [boundKey(part.min), boundKey(part.max)]
    if (min === null || max === null) return 'unknown'
    if (min >= limit) return 'younger'
    return max < limit && part.nulls === 0 ? 'older' : 'both'
  }
}

/** Texts that are in the order of their instants. */
function boundKey(text: string | null): string | null {
  if (text === 'infinity') return '~'
  if (text === '-infinity') return ''
  return text === null ? null : instantKey(text)
}

/** The parts that go, the oldest first, until the others are within the size. @param kept - rows of parts that lose some */
function oversize(
  dataset: CatalogDataset,
  { column }: RetentionLimits,
  sizeBytes: number,
  bounds: PartBoundsIndex,
  kept: ReadonlyMap<number, number>,
): CatalogPart[] {
  // What is left of a part is not written yet: it counts by its rows.
  const bytesOf = ({ dataFileId, fileBytes, rows }: CatalogPart): number =>
    Math.ceil((fileBytes * (kept.get(dataFileId) ?? rows)) / Math.max(rows, 1))
  let total = dataset.parts.reduce((sum, part) => sum + bytesOf(part), 0)
  if (total <= sizeBytes) return []
  const name = timeColumn(dataset, column)
  const known = name === undefined ? undefined : bounds.of(dataset, name)
  const keyOf = ({ dataFileId }: CatalogPart): string =>
    boundKey(known?.byPart.get(dataFileId)?.max ?? null) ?? '~'
  const keyed = dataset.parts
    .filter(({ dataFileId }) => kept.get(dataFileId) !== 0)
    .map((part) => ({ part, key: keyOf(part) }))
  // Where nothing tells their ages, parts are as old as their place says.
  keyed.sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const gone: CatalogPart[] = []
  for (const { part } of keyed.slice(0, -1)) {
    if (total <= sizeBytes) break
    gone.push(part)
    total -= bytesOf(part)
  }
  return gone
}
