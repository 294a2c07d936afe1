import { type Frame, makeFrame } from '../../../flight/frame.ts'
import { encodeSchema } from '../../../flight/ipc/schema.ts'

export const schemaFrame = makeFrame(encodeSchema({ fields: [], metadata: new Map() }), [], {
  kind: 'schema',
})

/** A frame that takes exactly `byteLength` bytes; its content does not matter to the cache. */
export function batchFrame(byteLength: number, rows = 1): Frame {
  const head = new Uint8Array(8)
  return {
    kind: 'batch',
    rows,
    head,
    body: [new Uint8Array(byteLength - 8)],
    header: head,
    appMetadata: null,
    byteLength,
  }
}
