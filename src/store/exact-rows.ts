import type { Frame } from '../../flight/frame.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import { NodeDisk } from './disk/node-disk.ts'
import { columnOfDictionaries, manyDictionaries } from './parquet/dictionary-pages.ts'
import { ParquetReader } from './parquet/parquet-reader.ts'

/** Refuses a Parquet file in which SQL would find nulls for values. @throws DATA_CORRUPT naming the column */
export async function refuseDictionaries(path: string): Promise<void> {
  const file = await new NodeDisk().open(path, 'read')
  try {
    const bytes = await file.size()
    const column = await columnOfDictionaries((target, position) => file.read(target, position), bytes)
    if (column !== null) throw new SternaError('DATA_CORRUPT', manyDictionaries(column))
  } finally {
    await file.close()
  }
}

/**
 * The rows of a Parquet file without SQL, row group by row group, for a command that has no store.
 *
 * @param schema - columns and types of the frames; no schema frame
 * @throws as `ParquetReader.readParts`
 */
export async function* exactFrames(path: string, schema: Schema): AsyncGenerator<Frame, void, undefined> {
  const reader = new ParquetReader()
  try {
    yield* reader.readParts({ schema, paths: [path] })
  } finally {
    await reader.close()
  }
}
