import type { DatasetRef } from '../../../flight/descriptor.ts'

/** Schema and key as one text. Neither holds a NUL. */
export function datasetName(ref: DatasetRef): string {
  return `${ref.schema}\0${ref.key}`
}

/** A dataset as people call it. */
export function shownName({ schema, key }: DatasetRef): string {
  return schema === 'main' ? key : `${schema}.${key}`
}
