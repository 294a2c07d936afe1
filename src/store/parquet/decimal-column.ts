import type { ArrowType } from '../../../flight/ipc/schema.ts'
import { type ColumnPlan, valueMismatch } from './column-plan.ts'
import { addValidity, validityOf } from './validity.ts'

/** Decimals in another width, which are the same digits with more or fewer bytes of sign before them. */
export function planDecimal(
  target: ArrowType & { kind: 'decimal' },
  width: number,
  actual: ArrowType,
  path: string,
): ColumnPlan | undefined {
  if (actual.kind !== 'decimal' || actual.scale !== target.scale) return undefined
  const sourceWidth = actual.bitWidth / 8
  const kept = Math.min(width, sourceWidth)
  return (array, start, count, out) => {
    addValidity(array, start, count, out)
    const isValid = validityOf(array, start)
    const address = (array.buffers[1] ?? 0) + (array.offset + start) * sourceWidth
    const source = array.memory.bytes.subarray(address, address + count * sourceWidth)
    out.addBuffer(count * width, (body) => {
      for (let row = 0; row < count; row++) {
        const at = row * sourceWidth
        const sign = (source[at + kept - 1] ?? 0) >= 0x80 ? 0xff : 0
        source.copy(body, row * width, at, at + kept)
        body.fill(sign, row * width + kept, (row + 1) * width)
        const cut = source.subarray(at + kept, at + sourceWidth)
        if (isValid(row) && cut.some((byte) => byte !== sign)) throw valueMismatch(path, target)
      }
    })
  }
}
