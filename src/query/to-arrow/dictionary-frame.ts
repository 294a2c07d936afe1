import type { Frame } from '../../../flight/frame.ts'
import { BatchBody } from './batch-body.ts'
import type { ByteSet } from './byte-set.ts'

/** How values of variable size stand in an array. */
export type TextLayout = 'offsets32' | 'offsets64' | 'view'

/**
 * The frame that makes values the dictionary of an id, in place of any before.
 *
 * @param layout - of texts, or the width of values of one width
 */
export function dictionaryFrame(id: bigint, values: ByteSet, layout: TextLayout | number): Frame {
  const body = new BatchBody()
  body.addNode(values.count, 0)
  body.addBuffer(new Uint8Array(0), 0)
  if (layout === 'view') {
    body.addBuffer(values.copyViews(), values.count * 16)
    body.addVariadicCount(1)
  } else if (typeof layout === 'string') {
    const offsetBytes = layout === 'offsets32' ? 4 : 8
    body.addBuffer(values.copyOffsets(offsetBytes), (values.count + 1) * offsetBytes)
  }
  body.addBuffer(values.copyBytes(), values.byteLength)
  return body.toDictionaryFrame(id, values.count)
}
