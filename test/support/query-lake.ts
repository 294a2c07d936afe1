/** A lake of real parts without a store: datasets can be replaced, and pins are counted. */
import path from 'node:path'
import type { DatasetRef } from '../../flight/request.ts'
import { SternaError } from '../../src/errors.ts'
import { createPartWriter } from '../../src/query/part-writer.ts'
import type { Lake, PartComparer, PinnedDataset, PinnedLake } from '../../src/store/parts.ts'
import type { Result, TestDuck } from './query-frames.ts'

/** Its parts have none. */
export const NO_CHECKSUMS: PartComparer = { compare: () => null }

export class QueryLake implements Lake {
  /** Snapshots that are pinned at the moment. */
  pinCount = 0
  readonly #datasets = new Map<string, PinnedDataset>()
  readonly #test: TestDuck
  #version = 0

  constructor(test: TestDuck) {
    this.#test = test
  }

  /** Makes or replaces a dataset of one part for each result. */
  async put(key: string, ...results: Result[]): Promise<void> {
    const [first] = results
    if (first === undefined) throw new Error('A dataset has at least a schema')
    const version = ++this.#version
    const writer = createPartWriter(this.#test.duck)
    const ref = { schema: 'main', key }
    const parts = []
    for (const [index, { schema, frames }] of results.entries()) {
      if (frames.length === 0) continue
      const file = path.join(this.#test.directory, `${key}.${version}.${index}.parquet`)
      const written = await writer.writePart({
        schema,
        frames,
        path: file,
        compressionLevel: 1,
        metadata: {},
      })
      parts.push({ path: file, rows: written.rows, of: ref })
    }
    const rows = parts.reduce((sum, part) => sum + part.rows, 0)
    const dataset = {
      ref,
      id: `${key}@${version}`,
      schema: first.schema,
      parts,
      log: null,
      rollup: null,
      rows,
    }
    this.#datasets.set(key, dataset)
  }

  pin(): PinnedLake {
    this.pinCount++
    const datasets = new Map(this.#datasets)
    let isReleased = false
    return {
      at: () => {
        throw new SternaError('VERSION_NOT_FOUND', 'This lake has no past')
      },
      resolve: ({ schema, key }: DatasetRef) => (schema === 'main' ? datasets.get(key) : undefined),
      match: () => [],
      list: () => [...datasets.values()],
      views: () => [],
      release: () => {
        if (!isReleased) this.pinCount--
        isReleased = true
      },
    }
  }
}
