import { readdirSync, readFileSync } from 'node:fs'
import { type Field, type Frame, readIpcStream, type Schema } from '../../../flight/index.ts'
import { pathToFileURL } from 'node:url'
import path from 'node:path'
import { projectRoot } from '../../support/project-root.ts'

const folder = pathToFileURL(path.join(projectRoot, 'test/golden/ipc/'))

/** What pyarrow says of one field; dictionary ids are the stream's own affair. */
export interface GoldenField {
  name: string
  nullable: boolean
  type: unknown
  dictionary: unknown
  children: GoldenField[]
  metadata: Record<string, string>
}

/** The JSON beside a golden stream. */
export interface Golden {
  fields: GoldenField[]
  metadata: Record<string, string>
  /** By batch, column and row. */
  batches: unknown[][][]
}

/** The names of all golden streams. */
export const goldenNames = readdirSync(folder)
  .filter((name) => name.endsWith('.arrow'))
  .map((name) => name.slice(0, -'.arrow'.length))

export function goldenBytes(name: string): Buffer {
  return readFileSync(new URL(`${name}.arrow`, folder))
}

export function goldenJson(name: string): Golden {
  return JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Golden
}

/** The frames of a golden stream, read as one chunk. */
export async function goldenFrames(name: string): Promise<Frame[]> {
  return collect(readIpcStream(once(goldenBytes(name))))
}

export async function* once<T>(item: T): AsyncGenerator<T> {
  yield item
}

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = []
  for await (const item of items) list.push(item)
  return list
}

/** A parsed schema in the form of the JSON. */
export function toGolden({ fields, metadata }: Schema): Pick<Golden, 'fields' | 'metadata'> {
  return { fields: fields.map(fieldToGolden), metadata: Object.fromEntries(metadata) }
}

function fieldToGolden(field: Field): GoldenField {
  const { dictionary } = field
  return {
    ...field,
    dictionary: dictionary && { indexType: dictionary.indexType, isOrdered: dictionary.isOrdered },
    children: field.children.map(fieldToGolden),
    metadata: Object.fromEntries(field.metadata),
  }
}
