/**
 * A part that breaks on the disk under a running server: a query that comes to the broken place after rows were sent
 * ends with an error, never like a complete one, and costs no other query. Over a real socket.
 */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { open } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { GRPC_STATUS } from '../../flight/index.ts'
import {
  batchFrame,
  field,
  INT64,
  pathDescriptor,
  putMessages,
  runAction,
  schemaFrame,
  ticketMessage,
} from '../support/raw-flight.ts'
import { withWatched } from '../support/watched-server.ts'

const ROWS = 1_000_000
const BATCHES = 4
/** A row group of noise has 1 MiB: so many bytes have the head of a page among them. */
const BROKEN_BYTES = 2 * 1024 * 1024

/** Values that do not compress. */
function noise(): ReturnType<typeof batchFrame> {
  const buffers = [
    { offset: 0, length: 0 },
    { offset: 0, length: ROWS * 8 },
  ]
  return batchFrame({ rows: ROWS, nodes: [{ length: ROWS, nullCount: 0 }], buffers }, randomBytes(ROWS * 8))
}

async function breakPart(path: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const { size } = await file.stat()
    await file.write(Buffer.alloc(BROKEN_BYTES, 0xff), 0, BROKEN_BYTES, Math.floor(size * 0.8))
    await file.sync()
  } finally {
    await file.close()
  }
}

test('SQL that comes to a broken page after rows were sent ends with an error', async () => {
  await withWatched(async ({ client, server, watched }) => {
    const frames = [schemaFrame(field('n', INT64)), ...Array.from({ length: BATCHES }, noise)]
    const put = await client.exchange('DoPut', putMessages(pathDescriptor('late'), frames))
    assert.equal(put.code, GRPC_STATUS.OK, put.details)
    // What is in memory needs no part.
    await runAction(client, 'evict', 'late')
    await breakPart(join(server.dataDir, 'cold', 'late.parquet'))
    const sql = (text: string): Uint8Array => ticketMessage(JSON.stringify({ sql: text }))
    for (let time = 0; time < 2; time++) {
      const { code, details, messages } = await client.exchange('DoGet', [sql('SELECT n FROM late')])
      assert.equal(code, GRPC_STATUS.DATA_LOSS, details)
      assert.match(details, /\[DATA_CORRUPT\]$/)
      assert.ok(messages.length > 1, `${messages.length} messages`)
    }
    const whole = await client.exchange('DoGet', [sql('SELECT n FROM late LIMIT 10')])
    assert.equal(whole.code, GRPC_STATUS.OK, whole.details)
    await watched.assertUntouched(['late.parquet'])
    assert.ok(!server.log().includes('call.bug'), server.log())
  })
})
