import type { DatasetRef } from '../../flight/descriptor.ts'
import type { PartOrigin } from './part-origin.ts'

/** A part as `sterna repair` finds it: its file, the number in its name, and what it says of itself. */
export interface FoundPart {
  /** Relative to `cold/`. */
  readonly path: string
  readonly number: number
  readonly origin: PartOrigin
}

/** Parts of one dataset, in the order of its rows. */
export interface Lineage<P extends FoundPart> {
  readonly ref: DatasetRef
  readonly live: readonly P[]
  /** Parts whose rows a later put or compaction has replaced. */
  readonly superseded: readonly P[]
}

/**
 * Tells from the parts alone what each dataset holds. Numbers of one name grow with time, so puts are taken in their
 * order, and where they have no name in common, as of different partitions, in that of their time: a replace leaves
 * nothing of what was before, an append adds, a rewrite takes the place of its sources, and after a rollback there is
 * what it names.
 */
export function traceLineage<P extends FoundPart>(found: readonly P[]): Lineage<P>[] {
  return groupBy(found, ({ origin }) => `${origin.ref.schema}\0${origin.ref.key}`).map(traceDataset)
}

function traceDataset<P extends FoundPart>(parts: readonly P[]): Lineage<P> {
  const puts = groupBy(parts, ({ origin }) => origin.put)
    .map((put) => put.toSorted((a, b) => a.origin.order - b.origin.order))
    .sort(comparePuts)
  let live: P[] = []
  for (const put of puts) live = applyPut(live, put, parts)
  const isLive = new Set(live)
  const ref = parts[0]?.origin.ref ?? { schema: '', key: '' }
  return { ref, live, superseded: parts.filter((part) => !isLive.has(part)) }
}

function applyPut<P extends FoundPart>(live: P[], put: P[], all: readonly P[]): P[] {
  const origin = put[0]?.origin
  if (origin?.mode === 'append') return [...live, ...put]
  if (origin?.mode === 'rollback') {
    const named = (origin.sources ?? []).flatMap((path) => all.find((part) => part.path === path) ?? [])
    return [...named, ...put]
  }
  if (origin?.mode !== 'rewrite') return put
  const sources = new Set(origin.sources)
  const firstSource = live.findIndex(({ path }) => sources.has(path))
  const kept = live.filter(({ path }) => !sources.has(path))
  // Without its sources a rewrite is all there is of their rows; they came before whatever else is left.
  const at = Math.max(firstSource, 0)
  return [...kept.slice(0, at), ...put, ...kept.slice(at)]
}

function comparePuts(a: readonly FoundPart[], b: readonly FoundPart[]): number {
  for (const { path, number } of a) {
    const other = b.find((part) => stemOf(part.path) === stemOf(path))
    if (other !== undefined) return number - other.number
  }
  return timeOf(a) - timeOf(b)
}

/** A path without number and extension. */
function stemOf(path: string): string {
  return path.replace(/(?:\.\d+)?\.parquet$/, '')
}

function timeOf(put: readonly FoundPart[]): number {
  return Math.min(...put.map(({ origin }) => origin.writtenMs ?? 0))
}

/** Node 20 has no Map.groupBy. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): T[][] {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const group = groups.get(keyOf(item))
    if (group) group.push(item)
    else groups.set(keyOf(item), [item])
  }
  return [...groups.values()]
}
