import path from 'node:path'

import type { PinnedDataset, PinnedLake, PinnedView } from '../../store/parts.ts'
import { SternaError } from '../../errors.ts'
import { isGlob, matchesGlob } from './glob.ts'
import { shown } from './message.ts'
import { foldName } from './tree.ts'

/** The schema of datasets that name none. */
export const MAIN_SCHEMA = 'main'
/** What drivers and tools know the lake as: they may write it before a schema. */
export const LAKE_CATALOG = 'sterna'
const SUGGESTIONS_MAX = 3
/** A key has at most 200 bytes, the data directory some more: a longer name is not looked up. */
const NAME_LENGTH_MAX = 2000
/** Suggestions are a courtesy: a lake of many keys is not searched whole for one. */
const SUGGESTION_KEYS_MAX = 2000
const SUGGESTION_LENGTH_MAX = 200
const EXTENSION = '.parquet'
const CATALOG_SCHEMAS: readonly string[] = ['information_schema', 'pg_catalog']
const CATALOG_TABLE = /^(duckdb|pragma|pg|sqlite)_/

/** A dataset or a view in a list. */
export type ListedTable = Pick<PinnedDataset, 'ref' | 'rows' | 'parts'>

/** What a name stands for. */
export interface Resolution {
  readonly datasets: readonly PinnedDataset[]
  /** The name that columns are qualified by where the statement gives none. */
  readonly alias: string
}

/**
 * Finds what names in SQL mean in one snapshot of the lake.
 *
 * A name is a dataset by its exact key, else the one dataset whose key differs in case only, else a file or a
 * pattern: `trades_*` stands for all keys that match, and so does `trades_*.parquet`, with or without `cold/` or the
 * data directory in front. A folder in front of a file is a schema.
 */
export class TableResolver {
  readonly #lake: PinnedLake
  readonly #prefixes: readonly string[]
  readonly #schema: string

  /**
   * @param dataDirectory - absolute; files below it may be named by it.
   * @param schema - of tables that name none
   */
  constructor(lake: PinnedLake, dataDirectory: string, schema = MAIN_SCHEMA) {
    this.#lake = lake
    this.#schema = schema
    const directory = dataDirectory.endsWith('/') ? dataDirectory : `${dataDirectory}/`
    this.#prefixes = [`${directory}cold/`, directory, './cold/', './', 'cold/']
  }

  /**
   * @param schema - empty where the statement names none.
   * @throws {@link SternaError} DATASET_NOT_FOUND, naming the closest keys; SQL_INVALID for a name that only case
   * tells apart from several; SQL_FORBIDDEN for what is no table of the lake.
   */
  table(catalog: string, schema: string, name: string): Resolution {
    const written = [catalog, schema, name].filter((part) => part !== '').join('.')
    const isLake = catalog === '' || foldName(catalog) === LAKE_CATALOG
    if (isLake && name.length <= NAME_LENGTH_MAX) {
      const found = this.#named(schema, name)
      if (found.datasets.length > 0) return found
    }
    if (CATALOG_SCHEMAS.includes(foldName(schema)) || CATALOG_TABLE.test(foldName(name))) {
      throw new SternaError(
        'SQL_FORBIDDEN',
        `Table "${shown(written)}" is not one of the lake; SHOW TABLES tells what there is`,
      )
    }
    if (this.#lake.resolve({ schema: MAIN_SCHEMA, key: written }) !== undefined) {
      throw new SternaError(
        'DATASET_NOT_FOUND',
        `Dataset ${shown(written)} does not exist; "${shown(written)}" in quotes does`,
      )
    }
    throw this.#notFound('Dataset', written)
  }

  /** The view that a name means, if it means one. */
  view(catalog: string, schema: string, name: string): PinnedView | undefined {
    const views = this.#lake.views()
    if (views.length === 0 || (catalog !== '' && foldName(catalog) !== LAKE_CATALOG)) return undefined
    const ref = { schema: schema === '' ? this.#schema : schema, key: name }
    if (this.#lake.resolve(ref) !== undefined) return undefined
    const isSame = (view: PinnedView): boolean =>
      foldName(view.ref.key) === foldName(ref.key) && foldName(view.ref.schema) === foldName(ref.schema)
    return (
      views.find((view) => view.ref.key === ref.key && view.ref.schema === ref.schema) ?? views.find(isSame)
    )
  }

  /**
   * The datasets whose files a path or pattern means, by key.
   *
   * @throws {@link SternaError} DATASET_NOT_FOUND where nothing matches; SQL_FORBIDDEN for a path outside the lake.
   */
  files(pattern: string): PinnedDataset[] {
    const prefix = this.#prefixes.find((start) => pattern.startsWith(start)) ?? ''
    const folders = pattern.slice(prefix.length).split('/')
    const file = folders.pop() ?? ''
    if (folders.some((folder) => folder === '' || folder === '..')) {
      throw new SternaError(
        'SQL_FORBIDDEN',
        `Path "${shown(pattern)}" is outside the lake; name a dataset or its file`,
      )
    }
    const isFile = file.endsWith(EXTENSION) && pattern.length <= NAME_LENGTH_MAX
    const stem = isFile ? file.slice(0, -EXTENSION.length) : undefined
    const datasets =
      stem === undefined ? [] : this.#schemas(folders).flatMap((schema) => this.#stem(schema, stem))
    if (datasets.length === 0) throw this.#notFound('File', pattern)
    return datasets
  }

  /** All datasets of a schema, or of the lake, and its views, which have no parts: by schema, then by key. */
  list(schema: string | null): ListedTable[] {
    const views = this.#lake.views().map(({ ref }) => ({ ref, rows: 0, parts: [] }))
    const datasets: ListedTable[] = [...this.#lake.list(), ...views]
    if (schema === null)
      return datasets.toSorted((a, b) => compare(a.ref.schema, b.ref.schema) || compareKeys(a, b))
    const found = datasets.filter(({ ref }) => ref.schema === schema)
    if (found.length > 0) return found.toSorted(compareKeys)
    return datasets.filter(({ ref }) => foldName(ref.schema) === foldName(schema)).toSorted(compareKeys)
  }

  #named(schemaName: string, name: string): Resolution {
    const temporary = schemaName === '' ? this.#lake.temporary?.(name) : undefined
    if (temporary !== undefined) return { datasets: [temporary], alias: name }
    const schema = schemaName === '' ? this.#schema : schemaName
    const exact = this.#lake.resolve({ schema, key: name })
    if (exact !== undefined) return { datasets: [exact], alias: name }
    if (schemaName === '' && name.endsWith(EXTENSION)) {
      return { datasets: this.files(name), alias: path.posix.basename(name, EXTENSION) }
    }
    if (isGlob(name)) return { datasets: this.#match(schema, name), alias: name }
    const similar = this.#similar(schema, name)
    return { datasets: similar === undefined ? [] : [similar], alias: name }
  }

  /** The one dataset whose key differs in case only. */
  #similar(schema: string, key: string): PinnedDataset | undefined {
    const isSame = ({ ref }: PinnedDataset): boolean =>
      ref.key.length === key.length &&
      foldName(ref.key) === foldName(key) &&
      foldName(ref.schema) === foldName(schema)
    const similar = this.#lake.list().filter(isSame)
    if (similar.length <= 1) return similar[0]
    const keys = similar.slice(0, SUGGESTIONS_MAX).map(nameOf).join(', ')
    throw new SternaError(
      'SQL_INVALID',
      `Dataset "${shown(key)}" is ambiguous: ${keys} differ in case only; quote the one meant`,
    )
  }

  /** The schemas that the folders of a path mean: none is `main`, `**` is all. */
  #schemas(folders: readonly string[]): string[] {
    const [folder = MAIN_SCHEMA, ...others] = folders
    if (others.length > 0) return []
    const schemas = [...new Set(this.#lake.list().map(({ ref }) => ref.schema))].toSorted(compare)
    if (folder === '**') return schemas
    return schemas.filter((schema) => matchesGlob(folder, schema) || encodeURIComponent(schema) === folder)
  }

  /** A file is named by its key, or as it is on disk: percent-encoded. */
  #stem(schema: string, stem: string): PinnedDataset[] {
    const exact = this.#lake.resolve({ schema, key: stem })
    if (exact !== undefined) return [exact]
    if (isGlob(stem)) return this.#match(schema, stem)
    const key = decoded(stem)
    const found = key === undefined ? undefined : this.#lake.resolve({ schema, key })
    return found === undefined ? [] : [found]
  }

  #match(schema: string, glob: string): PinnedDataset[] {
    const start = glob.slice(0, glob.search(/[*?[]/))
    const isMatch = ({ ref }: PinnedDataset): boolean =>
      ref.schema === schema && ref.key.startsWith(start) && matchesGlob(glob, ref.key)
    return this.#lake.list().filter(isMatch).toSorted(compareKeys)
  }

  #notFound(kind: string, name: string): SternaError {
    const wanted = foldName(name).replace(/\.parquet$/, '')
    const datasets =
      wanted.length > SUGGESTION_LENGTH_MAX ? [] : this.#lake.list().slice(0, SUGGESTION_KEYS_MAX)
    const distances = datasets
      .map((dataset) => ({ dataset, distance: distanceOf(wanted, dataset) }))
      .filter(({ distance }) => distance <= Math.max(1, wanted.length / 3))
      .toSorted((a, b) => a.distance - b.distance)
    const closest = distances.slice(0, SUGGESTIONS_MAX).map(({ dataset }) => nameOf(dataset))
    const { past } = this.#lake
    const [then, now] = past === undefined ? ['', ''] : [` in version ${past}`, ' now']
    const hint =
      closest.length === 0 ? `SHOW TABLES tells what there is${now}` : `the closest are ${closest.join(', ')}`
    return new SternaError('DATASET_NOT_FOUND', `${kind} "${shown(name)}" does not exist${then}; ${hint}`)
  }
}

function decoded(stem: string): string | undefined {
  try {
    return decodeURIComponent(stem)
  } catch {
    return undefined
  }
}

function nameOf({ ref }: PinnedDataset): string {
  return ref.schema === MAIN_SCHEMA ? `"${ref.key}"` : `"${ref.schema}"."${ref.key}"`
}

function compareKeys(a: Pick<PinnedDataset, 'ref'>, b: Pick<PinnedDataset, 'ref'>): number {
  return compare(a.ref.key, b.ref.key)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** Fewest changed, added or dropped letters between a wanted name and a dataset's, with or without its schema. */
function distanceOf(wanted: string, { ref }: PinnedDataset): number {
  const key = foldName(ref.key)
  const plain = editDistance(wanted, key)
  return ref.schema === MAIN_SCHEMA
    ? plain
    : Math.min(plain, editDistance(wanted, `${foldName(ref.schema)}.${key}`))
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const replaced = (row[j - 1] ?? 0) + (a.charAt(i - 1) === b.charAt(j - 1) ? 0 : 1)
      next.push(Math.min(replaced, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}
