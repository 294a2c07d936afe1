// Goal: the client works with a Flight server that is not ours, streams without holding more than it must, and says
// clearly what went wrong. Method: a server of Arrow's C++ stack, through pyarrow, that keeps what it is given.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import path from 'node:path'
import { after, before, test } from 'node:test'
import * as arrow from 'apache-arrow'
import { type Frame, readIpcStream, writeIpcStream } from '../../../flight/index.ts'
import { FlightClient } from '../../../src/client/flight-client.ts'
import { FlightError } from '../../../src/client/flight-error.ts'
import { projectRoot } from '../../support/project-root.ts'
import { python } from '../../support/python.ts'

let reference: ChildProcess
let client: FlightClient

before(async () => {
  const program = path.join(projectRoot, 'test/unit/client/reference_server.py')
  reference = spawn(await python(), [program], { stdio: ['ignore', 'pipe', 'inherit'] })
  assert.ok(reference.stdout)
  const [port] = (await once(reference.stdout, 'data')) as [Buffer]
  client = new FlightClient(`grpc://127.0.0.1:${port.toString().trim()}`)
})

after(async () => {
  client.close()
  reference.kill('SIGKILL')
  await once(reference, 'exit')
})

/** Frames of a table, a batch for each 1,000 rows. */
async function framesOf(table: arrow.Table): Promise<Frame[]> {
  const batches: arrow.RecordBatch[] = []
  for (let start = 0; start < table.numRows; start += 1000)
    batches.push(...table.slice(start, start + 1000).batches)
  const bytes = arrow.RecordBatchStreamWriter.writeAll(new arrow.Table(table.schema, batches)).toUint8Array(
    true,
  )
  const frames: Frame[] = []
  for await (const frame of readIpcStream(oneChunk(bytes))) frames.push(frame)
  return frames
}

async function* oneChunk(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}

async function tableOf(frames: AsyncIterable<Frame>): Promise<arrow.Table> {
  const chunks: Uint8Array[] = []
  for await (const chunk of writeIpcStream(frames)) chunks.push(chunk)
  return arrow.tableFromIPC(Buffer.concat(chunks))
}

const ticks = arrow.tableFromArrays({
  price: Float64Array.from({ length: 3500 }, (_, index) => index / 4),
  size: Int32Array.from({ length: 3500 }, (_, index) => index),
})

test('what was put comes back, and every batch was answered', async () => {
  const results = await client.put({ path: ['ticks'] }, await framesOf(ticks))
  assert.deepEqual(
    results.map((result) => Buffer.from(result).toString()),
    ['1000', '1000', '1000', '500'],
  )
  const back = await tableOf(client.get('ticks'))
  assert.equal(back.numRows, 3500)
  assert.deepEqual(back.getChild('price')?.toArray(), ticks.getChild('price')?.toArray())
  assert.deepEqual(back.getChild('size')?.toArray(), ticks.getChild('size')?.toArray())
})

test('a put by command, of a generator, with dictionaries', async () => {
  const symbols = arrow.tableFromArrays({ symbol: ['BTC', 'ETH', 'BTC'] })
  const frames = await framesOf(symbols)
  async function* slow(): AsyncGenerator<Frame> {
    yield* frames
  }
  await client.put({ cmd: 'symbols' }, slow())
  const back = await tableOf(client.get(Buffer.from('symbols')))
  assert.deepEqual([...(back.getChild('symbol') ?? [])], ['BTC', 'ETH', 'BTC'])
})

test('info, schema and list describe what is there', async () => {
  await client.put({ path: ['described'] }, await framesOf(ticks))
  const info = await client.info({ path: ['described'] })
  assert.equal(info.totalRecords, 3500)
  assert.equal(Buffer.from(info.endpoint[0]?.ticket?.ticket ?? []).toString(), 'described')
  const schema = await client.schema({ path: ['described'] })
  assert.deepEqual(
    schema.fields.map(({ name, type }) => ({ name, kind: type.kind })),
    [
      { name: 'price', kind: 'float' },
      { name: 'size', kind: 'int' },
    ],
  )
  const paths: string[] = []
  for await (const { flightDescriptor } of client.list('descr')) paths.push(...(flightDescriptor?.path ?? []))
  assert.deepEqual(paths, ['described'])
})

test('an action gives its results one by one', async () => {
  const bodies: string[] = []
  for await (const body of client.action('echo', 'hello')) bodies.push(Buffer.from(body).toString())
  assert.deepEqual(bodies, ['hello', 'end'])
})

test('a message of 20 MB goes both ways', async () => {
  const large = arrow.tableFromArrays({ value: new Float64Array(2_500_000).fill(1.5) })
  const bytes = arrow.tableToIPC(large, 'stream')
  await client.put({ path: ['large'] }, readIpcStream(oneChunk(bytes)))
  let byteLength = 0
  for await (const frame of client.get('large')) byteLength += frame.byteLength
  assert.ok(byteLength > 20_000_000)
})

test('leaving the loop cancels the call, and a slow reader slows the server', async () => {
  let frames = 0
  for await (const frame of client.get('endless')) {
    frames += frame.kind === 'batch' ? 1 : 0
    if (frames === 3) {
      await new Promise((resolve) => setTimeout(resolve, 300))
      break
    }
  }
  const answers: string[] = []
  for await (const body of client.action('endless')) answers.push(Buffer.from(body).toString())
  const { cancelled, batches } = JSON.parse(answers.join('')) as { cancelled: boolean; batches: number }
  assert.equal(cancelled, true)
  // Half a megabyte each: what two windows and the queues of both sides can hold, not what 300 ms could carry.
  assert.ok(batches < 100, `${batches} batches were sent to a reader that took 3`)
})

test('the message and the code of the server come through', async () => {
  await assert.rejects(tableOf(client.get('nothing')), (error) => {
    assert.ok(error instanceof FlightError)
    assert.match(error.message, /nothing/)
    assert.equal(error.retry, false)
    return true
  })
  await assert.rejects(client.put({ path: ['refused'] }, await framesOf(ticks)), (error) => {
    assert.ok(error instanceof FlightError)
    assert.match(error.message, /refused/)
    return true
  })
  await assert.rejects(async () => {
    for await (const body of client.action('unknown')) assert.fail(String(body))
  }, FlightError)
})

test('a put that the server refuses on the way ends at once', async () => {
  const frames = await framesOf(ticks)
  async function* endless(): AsyncGenerator<Frame> {
    for (const frame of frames) yield frame
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, 1))
      yield frames[1] ?? assert.fail()
    }
  }
  await assert.rejects(client.put({ path: ['refused-midway'] }, endless()), FlightError)
})

test('an error of the source cancels the put and is thrown as it is', async () => {
  const frames = await framesOf(ticks)
  const broken = new Error('the source broke')
  async function* source(): AsyncGenerator<Frame> {
    yield* frames.slice(0, 2)
    throw broken
  }
  await assert.rejects(client.put({ path: ['broken'] }, source()), broken)
})

test('where no server listens, that is said with the address', async () => {
  const probe = createServer().listen(0, '127.0.0.1')
  await once(probe, 'listening')
  const { port } = probe.address() as { port: number }
  probe.close()
  const nobody = new FlightClient(`grpc://127.0.0.1:${port}`)
  await assert.rejects(nobody.info({ path: ['x'] }), {
    name: 'FlightError',
    code: 'UNAVAILABLE',
    retry: true,
    message: `No server answers at grpc://127.0.0.1:${port}: connect ECONNREFUSED 127.0.0.1:${port}`,
  })
  nobody.close()
})

test('an address of another form is refused', () => {
  for (const url of [
    '',
    '127.0.0.1:8815',
    'http://127.0.0.1:1',
    'grpc://host',
    'grpc://host:1/path',
    'grpc://:1',
  ]) {
    assert.throws(() => new FlightClient(url), TypeError, url)
  }
  for (const url of ['grpc://localhost:1', 'grpc+tcp://[::1]:8815', 'grpc://10.0.0.1:8815/']) {
    new FlightClient(url).close()
  }
})
