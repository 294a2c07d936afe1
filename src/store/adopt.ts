import { randomUUID } from 'node:crypto'
import type { DatasetRef } from '../../flight/descriptor.ts'
import { encodeSchema, type Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { NewPart } from './catalog/state.ts'
import { commitFiles, type CommitParts, committed } from './commits.ts'
import { ForeignFiles, type ForeignFilesParts, type InspectedFile, ofFile } from './foreign-files.ts'
import type { Publisher } from './publisher.ts'
import { assertSameSchema } from './same-schema.ts'

/** What an adoption answers. */
export interface AdoptSummary {
  readonly key: string
  readonly schema: string
  readonly version: number
  readonly rows: number
  readonly files: number
  /** Of these, how many were copied: those on another file system, or that may get no second name. */
  readonly copied: number
}

export interface AdoptParts extends CommitParts, ForeignFilesParts {
  readonly publisher: Pick<Publisher, 'check' | 'stageMarker' | 'temporaryPath' | 'discard'>
}

/**
 * Makes a dataset of Parquet files of other programs, as they are: each becomes a part, by a second name in the lake
 * for the same file, or by a copy. All of them in one commit, or none.
 *
 * The lake lets go of its own names only: nothing that happens to the dataset changes or removes the files. A part
 * without rows says which files they are and what their checksums were, for `check`, and for the case that the catalog
 * is lost.
 *
 * @param names - absolute paths, in the order of the rows
 * @throws REQUEST_INVALID naming the file that may not be adopted or is no whole Parquet file; SCHEMA_MISMATCH,
 * TYPE_UNSUPPORTED, DATASET_EXISTS, LIMIT_EXCEEDED, CANCELLED, DISK_FULL, DISK_FAILED
 */
export async function adopt(
  parts: AdoptParts,
  ref: DatasetRef,
  names: readonly string[],
  signal: AbortSignal,
): Promise<AdoptSummary> {
  const { publisher, files } = parts
  if (names.length > LIMITS.adoptedFilesMax) {
    const text = `${names.length} files were to be adopted at once; the limit is ${LIMITS.adoptedFilesMax}`
    throw new SternaError('LIMIT_EXCEEDED', text)
  }
  const put = randomUUID()
  const temporary = names.map((_, index) => publisher.temporaryPath(`${put}.${index}.parquet`))
  const marker = publisher.temporaryPath(`${put}.marker.parquet`)
  const named: NewPart[] = []
  let taken: Awaited<ReturnType<typeof takeAll>>
  try {
    taken = await takeAll(parts, ref, names, temporary, signal)
    const { schema, inspected } = taken
    for (const [index, { written, arrowBytes }] of inspected.entries()) {
      const path = await files.publish(ref, temporary[index] ?? '', null)
      named.push({ ...written, arrowBytes, tier: 'warm', path })
    }
    const sources = named.map(({ path }) => path)
    const sums = inspected.map(({ sum }) => sum)
    const origin = { ref, mode: 'rollback' as const, put, order: 0, arrowBytes: 0, sources, sums }
    const written = await publisher.stageMarker(origin, schema, marker)
    named.push({ ...written, arrowBytes: 0, tier: 'warm', path: await files.publish(ref, marker, null) })
    await files.syncFolder(ref)
  } catch (error) {
    await publisher.discard([...temporary, marker])
    await files.remove(named.map(({ path }) => path))
    throw error
  }
  const { schema, copied } = taken
  const change = { kind: 'put' as const, ref, mode: 'create' as const, schema, parts: named }
  const state = await commitFiles(parts, [{ ...change, schemaHeader: encodeSchema(schema) }], named)
  const { version, rows } = committed(state, ref)
  return { key: ref.key, schema: ref.schema, version, rows, files: names.length, copied }
}

/** Brings the files into the lake, under temporary names, and reads them. */
async function takeAll(
  parts: AdoptParts,
  ref: DatasetRef,
  names: readonly string[],
  temporary: readonly string[],
  signal: AbortSignal,
): Promise<{ schema: Schema; inspected: InspectedFile[]; copied: number }> {
  const foreign = new ForeignFiles(parts)
  const inspected: InspectedFile[] = []
  let schema: Schema | undefined
  let copied = 0
  for (const [index, name] of names.entries()) {
    try {
      const path = temporary[index] ?? ''
      if ((await foreign.take(name, path)) === 'copy') copied += 1
      const file = await foreign.inspect(path, signal)
      if (schema === undefined) parts.publisher.check(ref, 'create', file.schema)
      else assertSameSchema(ref, schema, file.schema)
      schema ??= file.schema
      inspected.push(file)
    } catch (error) {
      throw ofFile(name, error)
    }
  }
  if (schema === undefined) throw new SternaError('REQUEST_INVALID', 'No file was named to be adopted')
  return { schema, inspected, copied }
}
