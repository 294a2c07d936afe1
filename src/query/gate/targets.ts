import { createHash } from 'node:crypto'

import type { PinnedDataset, PinnedView } from '../../store/parts.ts'
import type { Analysis, CallUse, TableUse } from './analysis.ts'
import { type BoundValues, filtersOf, hasParameter } from './conditions.ts'
import type { StatementText } from './statement.ts'

/** A statement that was read, before its names have data. */
export interface Learned {
  readonly statement: StatementText
  readonly analysis: Analysis
}

/** What one name or call in the statement stands for. */
export interface Target {
  readonly use: TableUse | CallUse
  readonly alias: string
  readonly datasets: readonly PinnedDataset[]
  /** Of the batches that it reads in place of datasets. */
  readonly handle?: string
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
  /** The datasets without the parts in which nothing can be that the statement wants. */
  readonly opened: readonly PinnedDataset[]
  readonly view?: ViewTarget & { readonly targets: readonly OpenTarget[] }
}

/** @param bound - the values of its parameters; views have none */
export function openTarget(target: Target, bound: BoundValues = () => undefined): OpenTarget {
  const { use, datasets, view, ...others } = target
  if (view !== undefined) {
    return {
      ...others,
      use,
      datasets,
      opened: [],
      view: { ...view, targets: view.targets.map((inner) => openTarget(inner)) },
    }
  }
  const conditions = 'conditions' in use ? use.conditions : []
  if (conditions.length === 0) return { ...others, use, datasets, opened: datasets }
  const filters = filtersOf(conditions, bound)
  const isChosen = conditions.some(hasParameter)
  const opened = datasets.map((dataset) => {
    const kept = dataset.partsWith?.(filters) ?? dataset.parts
    // The columns of several datasets are those of all of them, whichever have rows; and whatever is bound, they are
    // of the same types.
    const isForColumns = kept.length === 0 && (datasets.length > 1 || isChosen)
    return { ...dataset, parts: isForColumns ? dataset.parts.slice(0, 1) : kept }
  })
  return { ...others, use, datasets, opened }
}

/** Of the parts that are opened, a name by table. */
export function openingOf(targets: readonly OpenTarget[]): string {
  const paths = targets.map(({ opened }) => opened.map(({ parts }) => parts.map(({ path }) => path)))
  return createHash('sha256').update(JSON.stringify(paths)).digest('base64url')
}

/** What is read of datasets, with those that views read. */
export function openedOf(targets: readonly OpenTarget[]): PinnedDataset[] {
  return targets.flatMap(({ opened, view }) => (view === undefined ? opened : openedOf(view.targets)))
}

/** What was read, so that another reading can be compared with it. */
export function versionsOf(targets: readonly Target[]): string[] {
  return targets.flatMap(({ handle, datasets, view }) => {
    if (handle !== undefined) return ['input', handle]
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
  const { use, datasets, handle } = target
  const isPast = 'at' in use
  return datasets.length === 1 && handle === undefined && isStored(target) && !isPast
}

/** True where a view among them may give other rows although the data are the same. */
export function hasVolatileView(targets: readonly Target[]): boolean {
  return targets.some(
    ({ view }) => view !== undefined && (view.known.analysis.isVolatile || hasVolatileView(view.targets)),
  )
}
