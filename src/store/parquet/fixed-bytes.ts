import type { ArrowType } from '../../../flight/ipc/schema.ts'
import type { ColumnPlan } from './column-plan.ts'
import { addValidity } from './validity.ts'

const UUID_BYTES = 16
/** Hexadecimal digits, with a hyphen before these. */
const UUID_HYPHENS = [8, 12, 16, 20]
const UUID_TEXT_BYTES = 2 * UUID_BYTES + UUID_HYPHENS.length

/**
 * Bytes of one length as SQL has them: UUIDs as text, others as bytes of any length. Only files of other programs have
 * such columns; what stands behind a null is written like a value.
 */
export function planFixedAsVariable(target: ArrowType, byteWidth: number): ColumnPlan | undefined {
  if (target.kind === 'binary') return planStrided(byteWidth, byteWidth, (body, values) => values.copy(body))
  if (target.kind !== 'utf8' || byteWidth !== UUID_BYTES) return undefined
  return planStrided(UUID_BYTES, UUID_TEXT_BYTES, writeUuids)
}

/** @param write - the text or bytes of all values, from those of all values */
function planStrided(
  sourceWidth: number,
  width: number,
  write: (body: Buffer, values: Buffer) => void,
): ColumnPlan {
  return (array, start, count, out) => {
    addValidity(array, start, count, out)
    out.addBuffer((count + 1) * 4, (body) => {
      for (let row = 0; row <= count; row++) body.writeInt32LE(row * width, row * 4)
    })
    const address = (array.buffers[1] ?? 0) + (array.offset + start) * sourceWidth
    const values = array.memory.bytes.subarray(address, address + count * sourceWidth)
    out.addBuffer(count * width, (body) => {
      write(body, values)
    })
  }
}

function writeUuids(body: Buffer, values: Buffer): void {
  for (let at = 0, to = 0; at < values.byteLength; at += UUID_BYTES, to += UUID_TEXT_BYTES) {
    const digits = values.toString('hex', at, at + UUID_BYTES)
    const text = [0, ...UUID_HYPHENS].map((start, index) => digits.slice(start, UUID_HYPHENS[index]))
    body.write(text.join('-'), to, 'latin1')
  }
}
