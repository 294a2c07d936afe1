import type { Schema } from './schema.ts'
import { typeName } from './type-name.ts'

/** The first column that two schemas have otherwise: its place from 1, and what stands there in each. */
export interface SchemaDifference {
  readonly column: number
  /** Name and type, or `nothing`. */
  readonly first: string
  readonly second: string
}

/** @returns null where names and types are the same, whatever nullability and metadata are */
export function schemaDifference(first: Schema, second: Schema): SchemaDifference | null {
  const texts = [first, second].map(({ fields }) => fields.map((field) => `${field.name} ${typeName(field)}`))
  const [ours = [], theirs = []] = texts
  for (let index = 0; index < Math.max(ours.length, theirs.length); index += 1) {
    const [was = 'nothing', is = 'nothing'] = [ours[index], theirs[index]]
    if (was !== is) return { column: index + 1, first: was, second: is }
  }
  return null
}
