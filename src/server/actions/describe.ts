import { typeName } from '../../../flight/index.ts'
import type { StoredDataset } from '../../store/store.ts'
import { jsonAction, parseKeyBody } from './action.ts'

/** The figures of a dataset that `list` shows and `describe` begins with. */
export function datasetSummary(dataset: StoredDataset): Record<string, unknown> {
  return {
    key: dataset.ref.key,
    schema: dataset.ref.schema,
    rows: dataset.rows,
    parts: dataset.parts.length,
    size_bytes: dataset.fileBytes,
    arrow_size_bytes: dataset.arrowBytes,
    compression_ratio: dataset.fileBytes === 0 ? null : dataset.arrowBytes / dataset.fileBytes,
    version: dataset.version,
  }
}

export const describe = jsonAction(
  'describe',
  'Describes a dataset. In: the key, or {"key", "schema"?}. Out: {key, schema, rows, …, columns, options, rollup, part_list, cached}',
  (body, services) => {
    const dataset = services.store.get(parseKeyBody('describe', body))
    return {
      ...datasetSummary(dataset),
      columns: dataset.schema.fields.map((field) => ({
        name: field.name,
        type: typeName(field),
        nullable: field.nullable,
      })),
      options: dataset.options,
      rollup: services.store.rollupStatus(dataset),
      metadata: Object.fromEntries(dataset.schema.metadata),
      part_list: dataset.parts.map((part) => ({
        name: part.path,
        rows: part.rows,
        size_bytes: part.fileBytes,
        arrow_size_bytes: part.arrowBytes,
        tier: part.tier,
        version: part.version,
      })),
      cached: services.store.isCached(dataset.ref),
    }
  },
)
