import { createHash } from 'node:crypto'

import type { Schema } from '../../../flight/ipc/schema.ts'
import type { FrameRows, PinnedDataset, PinnedPart } from '../../store/parts.ts'
import type { Analysis } from './analysis.ts'
import type { PlainColumns, StoredItem } from './plain-columns.ts'
import type { Rewritten } from './rewrite.ts'
import {
  datasetsOf,
  type FramesSource,
  hasVolatileView,
  isCurrentDataset,
  isStored,
  type Learned,
  openedOf,
  type OpenTarget,
  type Target,
} from './targets.ts'

/** Batches in memory, as a text names them. */
export interface NamedFrames extends FramesSource {
  readonly handle: string
}

/** A statement that may run. */
export interface GatedQuery {
  /** The text to prepare and run: it reads pinned files and {@link frames}, and nothing else. */
  readonly sql: string
  /** Batches in memory that it reads, each by a name that stands for nothing else in the text. */
  readonly frames: readonly NamedFrames[]
  readonly kind: 'select' | 'explain' | 'describe'
  /** What it reads, each once. */
  readonly datasets: readonly PinnedDataset[]
  /** The parts whose files its text names, those of rollups' sources included. */
  readonly reads: readonly PinnedPart[]
  /** How many parts it reads, of how many that its tables have; one that two of them read counts twice. */
  readonly parts: { readonly opened: number; readonly of: number }
  /** The dataset whose columns it gives as they are, and which; null where it is more than that. */
  readonly plain: { readonly columns: PlainColumns; readonly source: Schema } | null
  /** The statement itself orders its rows. */
  readonly isOrdered: boolean
  /** Rows of one table, filtered and computed one by one: they come in the same order each time. */
  readonly isScan: boolean
  /** What it gives as it is of its one dataset, where that is all it gives. */
  readonly stored: {
    readonly items: readonly StoredItem[]
    /** Null for all rows. */
    readonly rows: readonly FrameRows[] | null
  } | null
  /** It reads no file. */
  readonly isInMemory: boolean
  /** It gives at most as many rows as its {@link frames} have, or one row where there are none. */
  readonly isRowByRow: boolean
  /** The result may differ although the data do not: it is never cached. */
  readonly isVolatile: boolean
  /** The same for texts that differ in spaces, comments and the case of keywords. */
  readonly textKey: string
  /** The same for such texts over the same data. */
  readonly cacheKey: string
}

/**
 * What a statement is once its names have data.
 *
 * @param normalized - its text as in {@link normalize}
 * @param rewritten - what runs
 * @param versions - of what it reads
 */
export function queryOf(
  { statement, analysis, normalized }: Learned & { readonly normalized: string },
  { sql, calls }: Rewritten,
  frames: readonly NamedFrames[],
  datasets: readonly PinnedDataset[],
  targets: readonly OpenTarget[],
  versions: readonly string[],
): GatedQuery {
  const isExplain = statement.prefix !== ''
  const readsInput = targets.some(({ input }) => input !== undefined)
  const hash = createHash('sha256').update(statement.prefix).update('\0').update(normalized)
  const textKey = hash.copy().digest('base64url')
  for (const version of versions) hash.update('\0').update(version)
  return {
    sql,
    frames,
    kind: isExplain ? 'explain' : analysis.isDescription ? 'describe' : 'select',
    datasets,
    reads: [...calls.values()].flatMap(({ parts }) => parts ?? []),
    parts: {
      opened: countParts(openedOf(targets)),
      of: countParts(datasetsOf(targets)),
    },
    plain: isExplain ? null : plainOf(analysis, targets),
    isOrdered: analysis.isOrdered,
    isScan: analysis.isScan && !isExplain && targets.every(isStored),
    stored: isExplain ? null : storedOf(analysis, targets),
    isInMemory: openedOf(targets).every(({ parts, rollup }) => parts.length === 0 && rollup === null),
    isRowByRow: analysis.isRowByRow && !isExplain && targets.every(isStored),
    isVolatile: analysis.isVolatile || isExplain || readsInput || hasVolatileView(targets),
    textKey,
    cacheKey: hash.digest('base64url'),
  }
}

/** Of a dataset as it is now, where the rows that are wanted are known. */
export function storedOf({ stored }: Analysis, targets: readonly OpenTarget[]): GatedQuery['stored'] {
  const [target] = targets
  if (stored === null || target === undefined || !targets.every(isCurrentDataset)) return null
  const hasConditions = 'conditions' in target.use && target.use.conditions.length > 0
  const rows = target.stored ?? null
  return hasConditions && rows === null ? null : { items: stored, rows }
}

/** Names of views, of common table expressions and of several datasets are no columns as they are stored. */
function plainOf({ plain }: Analysis, targets: readonly Target[]): GatedQuery['plain'] {
  const [target, ...others] = targets
  const [dataset, ...more] = target?.datasets ?? []
  const isOne = others.length + more.length === 0 && target?.use.location === plain?.location
  if (plain === null || dataset === undefined || !isOne) return null
  return { columns: plain, source: dataset.schema }
}

function countParts(datasets: readonly PinnedDataset[]): number {
  return datasets.reduce((sum, { parts }) => sum + parts.length, 0)
}
