import type { BackupItem } from '../../store/backup.ts'
import type { Action } from './action.ts'

/** The first byte of a result: JSON, or bytes of the file that was named last. */
const JSON_RESULT = Buffer.from([0])
const BYTES_RESULT = Buffer.from([1])

export const backup: Action = {
  type: 'backup',
  description:
    'The whole lake as it is in this moment, for "sterna backup". In: nothing. Out: results whose first byte is 0 before ' +
    'JSON, {"file": {"path", "bytes"}} for each file and {"manifest": {"format", "snapshot", "time", "files"}} at the ' +
    'end, or 1 before bytes of the last file',
  async *run(_body, { store }, { signal }) {
    for await (const item of store.backup(signal)) yield resultOf(item)
  },
}

function resultOf(item: BackupItem): Uint8Array {
  if (item.kind === 'bytes') return Buffer.concat([BYTES_RESULT, item.bytes])
  return Buffer.concat([JSON_RESULT, Buffer.from(JSON.stringify({ ...item, kind: undefined }))])
}
