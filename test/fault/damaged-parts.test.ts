// Goal: SQL never answers with what damaged bytes of a part gave: the call ends with an error that names the part, nothing
// is written from it, and all that is intact stays readable. Parts are compared once in the life of a server.
// Method: a byte of real parts is changed while no server runs; then pyarrow, ADBC and calls by hand ask a real one in
// every way that there is. A disk that counts tells how often parts are opened to be compared.
import assert from 'node:assert/strict'
import { readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { test } from 'node:test'
import { GRPC_STATUS, messages } from '../../flight/index.ts'
import { createServer } from '../../src/index.ts'
import type { DiskFile, OpenMode } from '../../src/store/disk/disk.ts'
import { NodeDisk } from '../../src/store/disk/node-disk.ts'
import { openLog } from '../../src/telemetry/log.ts'
import { runPython } from '../support/python.ts'
import { runChecks } from '../support/python-checks.ts'
import { RawClient } from '../support/raw-client.ts'
import {
  commandDescriptor,
  partsOf,
  pathDescriptor,
  putMessages,
  ticketMessage,
} from '../support/raw-flight.ts'
import { type RunningServer, startServer, temporaryDirectory, withServer } from '../support/start-server.ts'
import { goldenFrames } from '../unit/flight/golden.ts'

const PROGRAM = 'test/fault/damaged_parts.py'

test('SQL over damaged parts', async (t) => {
  const dataDir = await temporaryDirectory()
  try {
    await withServer(({ url }) => runPython(PROGRAM, [url, 'put']), { dataDir })
    for (const part of await partsOf(dataDir)) {
      if (!part.endsWith('_20260102.parquet') || part.startsWith('sound')) continue
      await flip(join(dataDir, 'cold', part), part.startsWith('footer') ? footerPlace : middle)
    }
    const server = await startServer({ dataDir })
    try {
      await runChecks(t, PROGRAM, [server.url, 'read'])
      await t.test('a query that is polled fails, also where its rows were there before', () =>
        polled(server),
      )
      await t.test('each part is told of in the log once', () => {
        const told = server.log().split('store.part_damaged').length - 1
        assert.equal(told, new Set(server.log().match(/"part":"\w+_20260102\.parquet"/g)).size)
        assert.ok(told > 2)
      })
    } finally {
      await server.stop()
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

test('a part is compared once, however many ask, and not at all where the server has written it', async () => {
  const dataDir = await temporaryDirectory()
  const frames = await goldenFrames('ticks')
  const sql = (text: string): Uint8Array => ticketMessage(JSON.stringify({ sql: text }))
  try {
    for (const [start, expected] of [
      ['first', 0],
      ['second', 1],
    ] as const) {
      const disk = new CountingDisk()
      const server = await createServer(
        { port: 0, dataDir, drainMs: 0, compaction: { mode: 'off' } },
        { disk, log: openLog('silent') },
      )
      const client = new RawClient(server.url)
      try {
        if (start === 'first') {
          const put = await client.exchange('DoPut', putMessages(pathDescriptor('ticks'), frames))
          assert.equal(put.code, GRPC_STATUS.OK, put.details)
        }
        const queries = Array.from({ length: 8 }, (_, n) => `SELECT count(*) + ${n} FROM ticks`)
        for (let time = 0; time < 2; time++) {
          const answers = await Promise.all(queries.map((text) => client.exchange('DoGet', [sql(text)])))
          for (const { code, details } of answers) assert.equal(code, GRPC_STATUS.OK, details)
        }
        assert.equal(disk.reads.get('ticks.parquet') ?? 0, expected, start)
      } finally {
        client.close()
        await server.stop()
      }
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true })
  }
})

/** Counts how often files are opened to be read; DuckDB opens them by itself. */
class CountingDisk extends NodeDisk {
  readonly reads = new Map<string, number>()

  override async open(path: string, mode: OpenMode): Promise<DiskFile> {
    const name = basename(path)
    if (mode === 'read') this.reads.set(name, (this.reads.get(name) ?? 0) + 1)
    return super.open(path, mode)
  }
}

async function polled({ url }: RunningServer): Promise<void> {
  const client = new RawClient(url)
  try {
    const command = commandDescriptor('SELECT * FROM polled')
    let descriptor: Uint8Array = command
    const tickets: Uint8Array[] = []
    for (;;) {
      const { code, details, messages: answers } = await client.exchange('PollFlightInfo', [descriptor])
      if (code !== GRPC_STATUS.OK) {
        assert.equal(code, GRPC_STATUS.DATA_LOSS, details)
        assert.match(details, /^Part polled_20260102\.parquet of "polled" is damaged: .* \[DATA_CORRUPT\]$/)
        break
      }
      const { info, flightDescriptor } = messages.PollInfo.decode(answers[0] ?? Buffer.alloc(0))
      for (const { ticket } of info?.endpoint ?? []) tickets.push(ticket?.ticket ?? Buffer.alloc(0))
      assert.ok(flightDescriptor, 'the query is complete')
      descriptor = messages.FlightDescriptor.encode(flightDescriptor)
    }
    for (const ticket of tickets) {
      const { code, details } = await client.exchange('DoGet', [ticketMessage(ticket)])
      assert.equal(code, GRPC_STATUS.DATA_LOSS, details)
    }
  } finally {
    client.close()
  }
}

/** @param place - of the bit in a file */
async function flip(path: string, place: (bytes: Buffer) => number): Promise<void> {
  const bytes = await readFile(path)
  const position = place(bytes)
  bytes.writeUInt8(bytes.readUInt8(position) ^ 1, position)
  await writeFile(path, bytes)
}

function middle({ byteLength }: Buffer): number {
  return Math.floor(byteLength / 2)
}

function footerPlace(bytes: Buffer): number {
  return bytes.byteLength - 8 - Math.floor(bytes.readUInt32LE(bytes.byteLength - 8) / 2)
}
