/** Requests for a live server: recorded ones that are right, and what damages them. */
import fc from 'fast-check'
import { FLIGHT_METHODS, type FlightMethodName, messages } from '../../flight/index.ts'
import {
  actionMessage,
  batchFrame,
  commandDescriptor,
  pathDescriptor,
  putMessages,
  schemaFrame,
  ticketMessage,
} from '../support/raw-flight.ts'
import { goldenFrames, goldenNames } from '../unit/flight/golden.ts'

/** What is sent on one call. */
export interface Input {
  readonly rpc: FlightMethodName
  readonly messages: readonly Uint8Array[]
  /** Cancels after so many messages instead of half-closing; null: half-closes. */
  readonly cancelAfter: number | null
}

interface Seed {
  readonly rpc: FlightMethodName
  readonly messages: readonly Uint8Array[]
}

/** The dataset that the requests are about; it may change in any way. */
export const FUZZED_KEY = 'fuzz'

const COMMANDS = [
  `{"key": "${FUZZED_KEY}", "mode": "append"}`,
  `{"key": "${FUZZED_KEY}", "mode": "replace", "result": true}`,
  `{"key": "${FUZZED_KEY}2", "schema": "other", "mode": "create"}`,
]
const REQUESTS = [
  FUZZED_KEY,
  'stored',
  `{"key": "stored", "columns": ["price", "symbol"], "where": "price > 1", "limit": 5}`,
  `{"key": "stored", "start": "2024-01-02", "end": "2024-01-03T00:00:00Z"}`,
  `{"sql": "SELECT * FROM stored WHERE price > ? LIMIT 7", "parameters": [1.5]}`,
]
const STATEMENTS = [
  'SELECT * FROM stored',
  `SELECT symbol, count(*) AS n FROM "stored" GROUP BY ALL ORDER BY n DESC`,
  `SELECT * FROM read_parquet('st*') LIMIT 3`,
  `SELECT [1, 2], {'a': 'b'}, DATE '2024-01-01', 1::DECIMAL(9, 2), NULL, 'x'`,
]
const ACTIONS: readonly (readonly [string, string])[] = [
  ['query', STATEMENTS[0] ?? ''],
  ['query', `{"sql": "SELECT ? + 1", "parameters": [41]}`],
  ['explain', `{"sql": "SELECT 1", "analyze": true}`],
  ['list', '{"glob": "f*", "schema": "main"}'],
  ['describe', FUZZED_KEY],
  ['stats', ''],
  ['drop', FUZZED_KEY],
  ['warm', `{"key": "${FUZZED_KEY}"}`],
  ['evict', FUZZED_KEY],
  ['compact', `{"key": "${FUZZED_KEY}", "level": 1}`],
  ['health', ''],
  ['version', ''],
]

function seed(rpc: FlightMethodName, ...requests: readonly Uint8Array[]): Seed {
  return { rpc, messages: requests }
}

async function recordedSeeds(): Promise<Seed[]> {
  const streams: Seed[] = []
  for (const [index, name] of goldenNames.entries()) {
    const frames = (await goldenFrames(name)).slice(0, 12)
    const command = commandDescriptor(COMMANDS[index % COMMANDS.length] ?? '')
    streams.push(seed('DoPut', ...putMessages(pathDescriptor(FUZZED_KEY), frames)))
    streams.push(seed('DoPut', ...putMessages(command, frames)))
    streams.push(seed('DoExchange', ...putMessages(commandDescriptor('SELECT * FROM input'), frames)))
    streams.push(seed('DoExchange', ...putMessages(commandDescriptor('echo'), frames)))
  }
  const rows = [schemaFrame(), batchFrame({ rows: 5 }), batchFrame({ rows: 0 })]
  streams.push(seed('DoPut', ...putMessages(pathDescriptor(FUZZED_KEY), rows)))
  const descriptors = [
    pathDescriptor('stored'),
    ...[...REQUESTS.slice(2), ...STATEMENTS].map(commandDescriptor),
  ]
  return [
    ...streams,
    ...REQUESTS.map((ticket) => seed('DoGet', ticketMessage(ticket))),
    ...STATEMENTS.map((sql) => seed('DoGet', ticketMessage(JSON.stringify({ sql })))),
    ...(['GetFlightInfo', 'PollFlightInfo', 'GetSchema'] as const).flatMap((rpc) =>
      descriptors.map((descriptor) => seed(rpc, descriptor)),
    ),
    ...ACTIONS.map(([type, body]) => seed('DoAction', actionMessage(type, body))),
    seed('ListFlights', messages.Criteria.encode({ expression: Buffer.from('s*') })),
    seed('ListFlights', messages.Criteria.encode({})),
    seed('ListActions', messages.Empty.encode({})),
    seed('Handshake', messages.HandshakeRequest.encode({ protocolVersion: 1, payload: Buffer.from('user') })),
  ]
}

const seeds = await recordedSeeds()
const rpcs = Object.keys(FLIGHT_METHODS) as FlightMethodName[]

/** Streams have the most to say, and so the most to get wrong. */
const anyRpc: fc.Arbitrary<FlightMethodName> = fc.oneof(
  { weight: 6, arbitrary: fc.constant('DoPut') },
  { weight: 5, arbitrary: fc.constant('DoExchange') },
  { weight: 3, arbitrary: fc.constantFrom('DoGet', 'DoAction') },
  { weight: 4, arbitrary: fc.constantFrom(...rpcs) },
)

/** One change to a list of messages. `at` and `message` count modulo what there is. */
type Mutation =
  | { readonly kind: 'byte'; readonly message: number; readonly at: number; readonly value: number }
  | { readonly kind: 'word'; readonly message: number; readonly at: number; readonly value: number }
  | { readonly kind: 'cut'; readonly message: number; readonly at: number }
  | { readonly kind: 'insert'; readonly message: number; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: 'remove' | 'duplicate'; readonly message: number }
  | { readonly kind: 'swap'; readonly message: number; readonly with: number }
  | { readonly kind: 'splice'; readonly message: number; readonly from: Seed; readonly index: number }

const message = fc.nat(20)
/** Headers stand near the start, where most changes should fall. */
const at = fc.oneof(fc.nat(60), fc.nat(600), fc.nat(65_535))
const wordValue = fc.oneof(
  fc.constantFrom(0, 1, 2, 4, 8, 255, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0xffff_fff8),
  fc.nat(1000),
)

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('byte'), message, at, value: fc.nat(255) }) },
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('word'), message, at, value: wordValue }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('cut'), message, at }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('insert'),
      message,
      at,
      bytes: fc.uint8Array({ maxLength: 40 }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('remove', 'duplicate'), message }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('swap'), message, with: message }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('splice'),
      message,
      from: fc.constantFrom(...seeds),
      index: message,
    }),
  },
)

function mutate(list: readonly Uint8Array[], change: Mutation): Uint8Array[] {
  const mutated = [...list]
  const index = change.message % Math.max(1, list.length)
  const bytes = Buffer.from(list[index] ?? [])
  switch (change.kind) {
    case 'byte':
      if (bytes.length > 0) bytes[change.at % bytes.length] = change.value
      mutated[index] = bytes
      break
    case 'word':
      if (bytes.length >= 4) bytes.writeUInt32LE(change.value, change.at % (bytes.length - 3))
      mutated[index] = bytes
      break
    case 'cut':
      mutated[index] = bytes.subarray(0, change.at % (bytes.length + 1))
      break
    case 'insert': {
      const position = change.at % (bytes.length + 1)
      mutated[index] = Buffer.concat([bytes.subarray(0, position), change.bytes, bytes.subarray(position)])
      break
    }
    case 'remove':
      mutated.splice(index, 1)
      break
    case 'duplicate':
      mutated.splice(index, 0, bytes)
      break
    case 'swap':
      mutated[index] = list[change.with % Math.max(1, list.length)] ?? bytes
      mutated[change.with % Math.max(1, list.length)] = bytes
      break
    case 'splice':
      mutated.splice(index, 0, change.from.messages[change.index % change.from.messages.length] ?? bytes)
      break
  }
  return mutated
}

/** Null most of the time. */
function rarely<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | null> {
  return fc.oneof({ weight: 12, arbitrary: fc.constant(null) }, { weight: 1, arbitrary })
}

const cancelAfter = rarely(fc.nat(8))

const damaged: fc.Arbitrary<Input> = fc
  .record({
    seed: anyRpc.chain((rpc) => fc.constantFrom(...seeds.filter((item) => item.rpc === rpc))),
    changes: fc.array(mutation, { maxLength: 4 }),
    /** Now and then a request goes to another RPC than the one it is for. */
    rpc: rarely(fc.constantFrom(...rpcs)),
    cancelAfter,
  })
  .map(({ seed: { rpc, messages: list }, changes, ...rest }) => ({
    rpc: rest.rpc ?? rpc,
    messages: changes.reduce(mutate, [...list]),
    cancelAfter: rest.cancelAfter,
  }))

const random: fc.Arbitrary<Input> = fc.record({
  rpc: anyRpc,
  messages: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 4 }),
  cancelAfter,
})

/** Anything that a broken client may send. */
export const anyInput: fc.Arbitrary<Input> = fc.oneof(
  { weight: 9, arbitrary: damaged },
  { weight: 1, arbitrary: random },
)
