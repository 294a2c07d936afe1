import type { Frame } from '../../../flight/frame.ts'
import { type CatalogDataset, datasetName } from '../catalog/state.ts'
import type { LogRows } from '../parts.ts'
import type { SegmentView } from './log-segment.ts'

/** The logs of all datasets at one moment. Immutable. */
export type LogViews = ReadonlyMap<string, LogView>

/** What readers see of one log. */
export interface LogView {
  readonly tableId: number
  readonly segments: readonly SegmentView[]
}

/** The rows that a state of the catalog and the logs of the same moment show of a dataset; null without any. */
export function logRows(views: LogViews, dataset: CatalogDataset): LogRows | null {
  const view = views.get(datasetName(dataset.ref))
  if (view?.tableId !== dataset.tableId) return null
  const segments = view.segments.filter(({ sequence }) => sequence > dataset.logFlushed)
  const last = segments.at(-1)
  if (last === undefined) return null
  let frames: readonly Frame[] | undefined
  return {
    get frames() {
      frames ??= segments.flatMap((segment) => segment.frames.slice(0, segment.frameCount))
      return frames
    },
    rows: segments.reduce((sum, { rows }) => sum + rows, 0),
    bytes: segments.reduce((sum, { bytes }) => sum + bytes, 0),
    sequence: last.sequence,
  }
}
