import type { DatasetRef } from '../../../flight/descriptor.ts'

/** Schema and key as one text. Neither holds a NUL. */
export function datasetName(ref: DatasetRef): string {
  return `${ref.schema}\0${ref.key}`
}
