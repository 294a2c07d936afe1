import type { Frame } from '../../flight/frame.ts'
import { parseMessage } from '../../flight/ipc/message.ts'

/** EXPLAIN gives two columns of text: the kind of each plan, and the plan. Each has validity, offsets and data. */
const PLAN_OFFSETS = 4
const PLAN_DATA = 5

/** The plans in the frames of an EXPLAIN. */
export function planText(frames: readonly Frame[]): string {
  return frames.flatMap(plansOf).join('\n')
}

function plansOf(frame: Frame): string[] {
  const message = parseMessage(frame.header)
  if (message.kind !== 'batch') return []
  const { rows, buffers } = message.batch
  const [offsets, data] = [buffers[PLAN_OFFSETS], buffers[PLAN_DATA]]
  if (offsets === undefined || data === undefined) return []
  const body = Buffer.concat(frame.body)
  const end = (row: number): number => data.offset + body.readInt32LE(offsets.offset + row * 4)
  return Array.from({ length: rows }, (_, row) => body.toString('utf8', end(row), end(row + 1)))
}
