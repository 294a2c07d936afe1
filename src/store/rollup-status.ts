import type { Catalog } from './catalog/catalog.ts'
import type { CatalogDataset } from './catalog/state.ts'

/** How a rollup stands to its source, for `describe` and `stats`. */
export interface RollupStatus {
  readonly sql: string
  readonly source: { readonly schema: string; readonly key: string }
  /** The columns that its rows are ordered by. */
  readonly order: readonly string[]
  /** Buckets before it are read from the parts of the rollup, ISO 8601 in UTC; null where all are computed. */
  readonly watermark: string | null
  /** The latest time in the parts of the source; null without any, or where nothing tells. */
  readonly latest: string | null
  /** From the watermark to the latest time. */
  readonly lag_ms: number | null
}

/** @returns null for a dataset that clients put */
export function rollupStatus(catalog: Catalog, dataset: CatalogDataset): RollupStatus | null {
  if (dataset.rollup === null) return null
  const { definition, source: known, watermarkUs } = dataset.rollup
  const source = catalog.state().get(definition.source)
  const isCurrent = known.tableId === source?.tableId && known.version === source.version
  const untilUs = isCurrent ? watermarkUs : null
  const latestUs = source === undefined ? null : latestTime(catalog, source, definition.time)
  const { sql, order } = definition
  return {
    sql,
    source: definition.source,
    order,
    watermark: toIso(untilUs),
    latest: toIso(latestUs),
    lag_ms: untilUs === null || latestUs === null ? null : Math.max(0, latestUs - untilUs) / 1000,
  }
}

/** The latest time in the parts of a dataset, µs since 1970, rounded down; null without any that a number tells. */
export function latestTime(catalog: Catalog, dataset: CatalogDataset, column: string): number | null {
  const times = catalog.partTimes(dataset, column)
  let latest = -Infinity
  for (const { dataFileId } of dataset.parts) {
    const us = (times.get(dataFileId)?.maxUs ?? Infinity) - 1
    if (Number.isSafeInteger(us)) latest = Math.max(latest, us)
  }
  return latest === -Infinity ? null : latest
}

function toIso(us: number | null): string | null {
  if (us === null) return null
  const ms = Math.floor(us / 1000)
  const micros = String(us - 1000 * ms).padStart(3, '0')
  return new Date(ms).toISOString().replace('Z', `${micros}Z`)
}
