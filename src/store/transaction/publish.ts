import { SternaError } from '../../errors.ts'
import type { Change } from '../catalog/commit.ts'
import type { CatalogState, NewPart } from '../catalog/state.ts'
import type { ObjectChange } from '../catalog/write-objects.ts'
import { commitFiles } from '../commits.ts'
import { type LogViews, logRows } from '../log/log-views.ts'
import { nameParts } from '../name-parts.ts'
import type { StagedPart } from '../parts.ts'
import type { PublisherParts } from '../publisher.ts'
import { objectChanges, type StagedObjects } from './staged-objects.ts'
import type { StagedDataset } from './staged-dataset.ts'

/** What a commit of several datasets needs: all of a publisher's parts, and what readers see of logs. */
export type TransactionParts = Pick<PublisherParts, 'catalog' | 'files' | 'pins' | 'cache'> & {
  readonly logs: PublisherParts['logs'] & { views(): LogViews }
}

/**
 * Commits what a transaction has made of several datasets as one snapshot, or changes nothing that a reader sees.
 *
 * @throws COMMIT_CONFLICT where another has changed the same rows; DATASET_EXISTS, DISK_FULL, DISK_FAILED
 */
export async function publishAll(
  parts: TransactionParts,
  staged: readonly StagedDataset[],
  objects: StagedObjects,
): Promise<void> {
  const { catalog, files, logs } = parts
  const changed = staged
    .filter(({ base, content }) => base !== null || content !== null)
    .toSorted((a, b) => Number(b.content === null) - Number(a.content === null))
  // Rows that a log has were acknowledged before those that come to stand after them.
  for (const { ref, content } of changed) if (content?.log) await logs.flush(ref)
  const named: NewPart[] = []
  const changes: DatasetChange[] = []
  try {
    for (const dataset of changed) {
      const placed = await nameEntries(parts, dataset)
      named.push(...placed.map(({ part }) => part))
      changes.push(changeOf(dataset, placed, logs.sequenceOf(dataset.ref)))
    }
  } catch (error) {
    await files.remove(named.map(({ path }) => path))
    throw error
  }
  const before = catalog.state()
  const around = objectChanges(before.objects, objects)
  try {
    for (const dataset of changed) assertUnchanged(dataset, before, logs.views())
  } catch (error) {
    await files.remove(named.map(({ path }) => path))
    throw error
  }
  await commitFiles(parts, [...around.before, ...changes, ...around.after], named)
}

type DatasetChange = Exclude<Change, ObjectChange>

interface Placed {
  readonly part: NewPart
  readonly place: number | null
}

async function nameEntries({ files }: TransactionParts, { ref, content }: StagedDataset): Promise<Placed[]> {
  const fresh: { part: StagedPart; place: number | null }[] = []
  for (const entry of content?.entries ?? []) if (entry.kind === 'new') fresh.push(entry)
  const named = await nameParts(
    files,
    ref,
    fresh.map(({ part }) => part),
    'warm',
  )
  return named.map((part, index) => ({ part, place: fresh[index]?.place ?? null }))
}

function changeOf(
  { ref, base, content }: StagedDataset,
  placed: readonly Placed[],
  sequence: number,
): DatasetChange {
  if (content === null) return { kind: 'drop', ref }
  const { schema, schemaHeader, kind, entries } = content
  if (kind !== 'change' || base === null) {
    const parts = placed.map(({ part }) => part)
    const mode = kind === 'create' ? 'create' : 'replace'
    return { kind: 'put', ref, mode, schema, schemaHeader, parts, log: { flushed: sequence } }
  }
  const kept = new Set(entries.flatMap((entry) => (entry.kind === 'kept' ? [entry.part.dataFileId] : [])))
  const replaced = new Map<number, NewPart[]>()
  for (const { dataFileId } of base.parts) {
    if (kept.has(dataFileId)) continue
    const parts = placed.filter(({ place }) => place === dataFileId).map(({ part }) => part)
    replaced.set(dataFileId, parts)
  }
  const added = placed.filter(({ place }) => place === null).map(({ part }) => part)
  return { kind: 'change', ref, tableId: base.tableId, schema, replaced, added }
}

/** What the catalog cannot tell by itself from the change. */
function assertUnchanged({ ref, base, content }: StagedDataset, state: CatalogState, logs: LogViews): void {
  const now = state.get(ref)
  if (base === null || content?.kind === 'change' || content?.kind === 'replace') return
  const isSame = now?.tableId === base.tableId
  // Rows that came meanwhile would go with the columns that they have.
  const isWhole = content === null || (now?.version === base.version && logRows(logs, now) === null)
  if (isSame && isWhole) return
  throw new SternaError('COMMIT_CONFLICT', `Dataset "${ref.key}" was changed by another meanwhile`)
}
