import { randomBytes } from 'node:crypto'
import { link } from 'node:fs/promises'
import { join } from 'node:path'
import { LIMITS } from '../../src/limits.ts'
import { Catalog } from '../../src/store/catalog/catalog.ts'
import type { NewPart } from '../../src/store/catalog/state.ts'
import { hashValue, makeValueFilter } from '../../src/store/value-filter.ts'

/** Parts of one commit: their filters are in memory. */
const PARTS_OF_A_COMMIT = 250
const BLOCK_BYTES = 32
const HOUR_MS = 3_600_000

/** An account of one part. */
function accountOf(part: number): string {
  return `account ${part}`
}

/**
 * Has a dataset of one part become one of many, without a server: the part's file under as many names, each said to be of
 * another hour, and with a full filter of its column `account`. The bits of a full filter are as good as random, so these
 * are, but for those of one account.
 */
export async function multiplyParts(dataDir: string, key: string, count: number): Promise<void> {
  const dataPath = join(dataDir, 'cold')
  const catalog = Catalog.open(join(dataDir, 'catalog.sqlite'), { dataPath, historyMs: 0 })
  try {
    const dataset = catalog.state().get({ schema: 'main', key })
    const [first] = dataset ? catalog.newParts(dataset.parts) : []
    if (dataset === undefined || first === undefined) throw new Error(`"${key}" has no part`)
    const { ref, schema, schemaHeader } = dataset
    const names = new Map(schema.fields.map(({ name }, index) => [index + 1, name]))
    const startMs = Date.UTC(2025, 0, 1)
    for (let done = 0; done < count; done += PARTS_OF_A_COMMIT) {
      const parts: NewPart[] = []
      for (let part = done; part < Math.min(count, done + PARTS_OF_A_COMMIT); part += 1) {
        const path = `${key}.${part + 2}.parquet`
        await link(join(dataPath, first.path), join(dataPath, path))
        const hour = (ms: number): string =>
          new Date(startMs + part * HOUR_MS + ms).toISOString().slice(0, 23)
        const columns = first.columns.map((column) => {
          const name = names.get(column.fieldId) ?? ''
          if (name === 'ts')
            return {
              ...column,
              name,
              min: hour(0).replace('T', ' '),
              max: hour(HOUR_MS - 1).replace('T', ' '),
            }
          if (name !== 'account') return { ...column, name }
          return { ...column, name, min: 'account', max: 'accounu', filter: fullFilter(accountOf(part)) }
        })
        parts.push({ ...first, path, columns, tier: 'cold' })
      }
      const mode = done === 0 ? 'replace' : 'append'
      catalog.commit([{ kind: 'put', ref, schemaHeader, schema, parts, mode }])
    }
  } finally {
    catalog.close()
  }
}

function fullFilter(value: string): Uint8Array {
  const filter = randomBytes(LIMITS.columnFilterBytesMax)
  const hash = hashValue(value)
  const blocks = filter.byteLength / BLOCK_BYTES
  // A filter of one value is the one block that it is in.
  const start = Math.floor((hash.place * blocks) / 2 ** 32) * BLOCK_BYTES
  makeValueFilter([hash]).forEach((byte, index) => {
    filter[start + index] = (filter[start + index] ?? 0) | byte
  })
  return filter
}
