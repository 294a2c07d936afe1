import { createHash, randomUUID } from 'node:crypto'

import { type Frame, sliceFrame } from '../../../flight/frame.ts'
import type { Schema } from '../../../flight/ipc/schema.ts'
import { LIMITS } from '../../limits.ts'
import type { FrameRows, PinnedDataset, PinnedView, SelectedRows } from '../../store/parts.ts'
import type { Analysis, CallUse, TableUse } from './analysis.ts'
import { type BoundValues, filtersOf, hasParameter, isBound } from './conditions.ts'
import type { StatementText } from './statement.ts'

/** A statement that was read, before its names have data. */
export interface Learned {
  readonly statement: StatementText
  readonly analysis: Analysis
}

/** Batches in memory, with their dictionaries. */
export interface FramesSource {
  readonly schema: Schema
  /** May make the frames when it is asked for them. */
  readonly source: { readonly frames: readonly Frame[] }
}

/** What one name or call in the statement stands for. */
export interface Target {
  readonly use: TableUse | CallUse
  readonly alias: string
  readonly datasets: readonly PinnedDataset[]
  /** The batches that it reads in place of datasets. */
  readonly input?: FramesSource
  /** The view that it is, in place of datasets. */
  readonly view?: ViewTarget
}

/** A view, and what the names in it stand for. */
export interface ViewTarget {
  readonly view: PinnedView
  readonly known: Learned
  readonly targets: readonly Target[]
}

/** A target as the statement reads it. */
export interface OpenTarget extends Target {
  /**
   * The datasets without the parts in which nothing can be that the statement wants; as rows of a log and no parts,
   * where those that it can want are in memory and few.
   */
  readonly opened: readonly PinnedDataset[]
  /** The rows that its conditions want and no others, where they are in memory. */
  readonly stored?: readonly FrameRows[]
  readonly view?: ViewTarget & { readonly targets: readonly OpenTarget[] }
}

/** @param bound - the values of parameters; views have none */
export async function openTargets(targets: readonly Target[], bound?: BoundValues): Promise<OpenTarget[]> {
  const opened: OpenTarget[] = []
  for (const target of targets) opened.push(await openTarget(target, bound))
  return opened
}

async function openTarget(target: Target, bound: BoundValues = () => undefined): Promise<OpenTarget> {
  const { use, datasets, view, ...others } = target
  if (view !== undefined) {
    const targets = await openTargets(view.targets)
    return { ...others, use, datasets, opened: [], view: { ...view, targets } }
  }
  const conditions = 'conditions' in use ? use.conditions : []
  if (conditions.length === 0) return { ...others, use, datasets, opened: datasets }
  const filters = filtersOf(conditions, bound)
  const [only, ...more] = datasets
  const rows = more.length === 0 ? only?.rowsWith?.(filters) : undefined
  const isExact = rows?.isExact === true && isBound(conditions, bound)
  const stored = isExact ? { stored: rows.selected } : {}
  if (only !== undefined && rows !== undefined && isQuicklyRead(rows)) {
    return { ...others, ...stored, use, datasets, opened: [inMemory(only, rows)] }
  }
  const isChosen = conditions.some(hasParameter)
  const opened: PinnedDataset[] = []
  for (const dataset of datasets) {
    const kept = (await dataset.partsWith?.(filters)) ?? dataset.parts
    // The columns of several datasets are those of all of them, whichever have rows; and whatever is bound, they are
    // of the same types.
    const isForColumns = kept.length === 0 && (datasets.length > 1 || isChosen)
    const forColumns = dataset.parts.slice(0, 1).map((part) => ({ ...part, rows: 0 }))
    opened.push({ ...dataset, parts: isForColumns ? forColumns : kept })
  }
  return { ...others, ...stored, use, datasets, opened }
}

/** Frames in memory are read on the main thread, one after the other: parts are better for many. */
function isQuicklyRead({ selected }: SelectedRows): boolean {
  let rows = 0
  let bytes = 0
  for (const { frame, start, end } of selected) {
    rows += end - start
    bytes += frame.kind === 'batch' ? (frame.byteLength * (end - start)) / frame.rows : frame.byteLength
  }
  return rows <= LIMITS.selectedRowsMax && bytes <= LIMITS.selectedBytesMax
}

/** A dataset of these rows alone; the frames are cut when somebody reads them. */
function inMemory(dataset: PinnedDataset, { selected }: SelectedRows): PinnedDataset {
  let cut: readonly Frame[] | undefined
  const log = {
    get frames() {
      cut ??= selected.map(({ frame, start, end }) =>
        frame.kind === 'batch' ? sliceFrame(frame, dataset.schema, start, end) : frame,
      )
      return cut
    },
    rows: selected.reduce((sum, { start, end }) => sum + end - start, 0),
    bytes: selected.reduce((sum, { frame }) => sum + frame.byteLength, 0),
    sequence: dataset.log?.sequence ?? 0,
  }
  return { ...dataset, parts: [], log }
}

/** True where the same parts are read each time over the same data, and nothing in memory. */
export function isReadAlike({ use, datasets, input, view }: Target): boolean {
  if (view !== undefined) return view.targets.every(isReadAlike)
  const conditions = 'conditions' in use ? use.conditions : []
  const canBeInMemory = datasets.length === 1 && datasets[0]?.rowsWith !== undefined
  return (
    input === undefined &&
    datasets.every(({ log, rollup }) => (rollup?.source.log ?? log) === null) &&
    !conditions.some((condition) => canBeInMemory || hasParameter(condition))
  )
}

/** Of the parts that are opened, a name by table. */
export function openingOf(targets: readonly OpenTarget[]): string {
  const paths = openedOf(targets).map(({ parts, log }) => [log !== null, ...parts.map(({ path }) => path)])
  return createHash('sha256').update(JSON.stringify(paths)).digest('base64url')
}

/** What is read of datasets, with those that views read. */
export function openedOf(targets: readonly OpenTarget[]): PinnedDataset[] {
  return targets.flatMap(({ opened, view }) => (view === undefined ? opened : openedOf(view.targets)))
}

/** The batches in memory that are read, in the order in which they stand in the statement. */
export function framesOf(targets: readonly OpenTarget[]): FramesSource[] {
  return targets.flatMap(({ input, opened, view }) => {
    if (input !== undefined) return [input]
    if (view !== undefined) return framesOf(view.targets)
    return opened.flatMap((dataset) => {
      const { schema, log } = dataset.rollup?.source ?? dataset
      return log === null ? [] : [{ schema, source: log }]
    })
  })
}

/** What was read, so that another reading can be compared with it. */
export function versionsOf(targets: readonly Target[]): string[] {
  return targets.flatMap(({ input, datasets, view }) => {
    // Another one each time.
    if (input !== undefined) return ['input', randomUUID()]
    // The counts tell apart which name has which datasets.
    if (view === undefined) return [String(datasets.length), ...datasets.map(({ id }) => id)]
    return ['view', JSON.stringify(view.view), ...versionsOf(view.targets)]
  })
}

/** With those that views read. */
export function datasetsOf(targets: readonly Target[]): PinnedDataset[] {
  return targets.flatMap(({ datasets, view }) => (view === undefined ? datasets : datasetsOf(view.targets)))
}

/** True for rows that stand somewhere in an order: those of views and rollups are made by each query. */
export function isStored({ datasets, view }: Target): boolean {
  return view === undefined && datasets.every(({ rollup }) => !rollup)
}

/** True for one dataset as it is now. */
export function isCurrentDataset(target: Target): boolean {
  const { use, datasets, input } = target
  const isPast = 'at' in use
  return datasets.length === 1 && input === undefined && isStored(target) && !isPast
}

/** True where a view among them may give other rows although the data are the same. */
export function hasVolatileView(targets: readonly Target[]): boolean {
  return targets.some(
    ({ view }) => view !== undefined && (view.known.analysis.isVolatile || hasVolatileView(view.targets)),
  )
}
