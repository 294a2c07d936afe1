import { SternaError } from '../../errors.ts'
import type { PinnedDataset, PinnedLake } from '../../store/parts.ts'
import { shown } from '../gate/message.ts'
import { MAIN_SCHEMA } from '../gate/tables.ts'
import { foldName } from '../gate/tree.ts'
import type { WrittenName } from './token-reader.ts'

/** The dataset that a name in a statement means; one whose key differs in case only, where there is but one. */
export function findTable(
  lake: PinnedLake,
  { schema, name }: WrittenName,
  defaultSchema = MAIN_SCHEMA,
): PinnedDataset | undefined {
  const temporary = schema === null ? lake.temporary?.(name) : undefined
  if (temporary !== undefined) return temporary
  const ref = { schema: schema ?? defaultSchema, key: name }
  const exact = lake.resolve(ref)
  if (exact !== undefined) return exact
  const similar = lake
    .list()
    .filter(
      (dataset) =>
        foldName(dataset.ref.key) === foldName(ref.key) &&
        foldName(dataset.ref.schema) === foldName(ref.schema),
    )
  return similar.length === 1 ? similar[0] : undefined
}

/** A table whose rows a statement may change. @throws SternaError DATASET_NOT_FOUND; REQUEST_INVALID for a rollup */
export function requireTable(lake: PinnedLake, name: WrittenName, defaultSchema?: string): PinnedDataset {
  const found = findTable(lake, name, defaultSchema)
  if (found !== undefined && found.rollup !== null) {
    const { source } = found.rollup.definition
    throw new SternaError(
      'REQUEST_INVALID',
      `Dataset "${shown(found.ref.key)}" is a rollup of "${shown(source.key)}": its rows come from there alone`,
    )
  }
  if (found !== undefined) return found
  const written = name.schema === null ? name.name : `${name.schema}.${name.name}`
  throw new SternaError('DATASET_NOT_FOUND', `There is no table "${shown(written)}"`)
}
