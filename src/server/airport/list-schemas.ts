import { createHash } from 'node:crypto'
import { setImmediate } from 'node:timers/promises'
import { z } from 'zod'
import { messages, zstdStored } from '../../../flight/index.ts'
import type { Store, StoredDataset } from '../../store/store.ts'
import { DEFAULT_SCHEMA } from '../sql/names.ts'
import { msgpackAction } from './action.ts'
import { catalogVersionOf } from './catalog-version.ts'
import { pack, textField } from './messages.ts'
import { assertCatalog, shownSchema } from './names.ts'
import { isTable, tableInfo } from './tables.ts'

/** Tables that are described before others get their turn. */
const TABLES_PER_TURN = 200

export const listSchemas = msgpackAction(
  'list_schemas',
  'All schemas with their tables. In: {catalog_name}. Out: [length, zstd of {contents, schemas, version_info}]',
  z.object({ catalog_name: textField }),
  async ({ catalog_name: catalog }, { store }) => {
    assertCatalog(catalog)
    const { schemas: comments } = store.objects
    const bySchema = new Map<string, StoredDataset[]>([...comments.keys()].map((schema) => [schema, []]))
    const version = catalogVersionOf(store)
    for (const dataset of store.list()) {
      if (isTable(dataset)) bySchema.get(dataset.ref.schema)?.push(dataset)
    }
    const schemas = []
    for (const [schema, tables] of bySchema) {
      schemas.push({
        name: shownSchema(schema),
        description: comments.get(schema) ?? '',
        tags: {},
        contents: await schemaContents(tables, store),
        is_default: schema === DEFAULT_SCHEMA,
      })
    }
    const nothing = { sha256: '', url: null, serialized: null }
    return compressed(pack({ contents: nothing, schemas, version_info: version }))
  },
)

/** What the client knows of the tables in a schema. It checks the hash. */
export async function schemaContents(tables: readonly StoredDataset[], store: Store): Promise<object> {
  const infos: Uint8Array[] = []
  for (const table of tables) {
    infos.push(messages.FlightInfo.encode(tableInfo(table, store)))
    if (infos.length % TABLES_PER_TURN === 0) await setImmediate()
  }
  const serialized = compressed(pack(infos))
  return { sha256: createHash('sha256').update(serialized).digest('hex'), url: null, serialized }
}

function compressed(bytes: Uint8Array): Uint8Array {
  return pack([bytes.length, zstdStored(bytes)])
}
