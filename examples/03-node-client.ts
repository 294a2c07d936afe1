// Node in, Node out: the package's own Flight client, with rows through apache-arrow.
//
// Start a server, in the folder of the project:   npm ci && npm start
// Then, in the same folder:                       node dist/examples/03-node-client.js
// A server elsewhere is named by its address:     node dist/examples/03-node-client.js grpc://HOST:PORT
import { readFileSync } from 'node:fs'
import { Readable } from 'node:stream'
import { Table, TimestampMicrosecond, tableFromIPC, tableToIPC, vectorFromArray } from 'apache-arrow'
import { FlightClient } from 'sterna'
import { readIpcStream, writeIpcStream } from 'sterna/flight'

const client = new FlightClient(process.argv[2] ?? 'grpc://127.0.0.1:8815')

/** The CSV file as an Arrow table: a timestamp and five numbers a row. */
function readBars(file: string): Table {
  const [header = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split('\n')
  const rows = lines.map((line) => line.split(','))
  const [, ...names] = header.split(',')
  const times = rows.map(([time]) => Date.parse(`${time ?? ''}Z`))
  return new Table({
    timestamp: vectorFromArray(times, new TimestampMicrosecond()),
    ...Object.fromEntries(
      names.map((name, index) => [
        name,
        vectorFromArray(Float64Array.from(rows, (row) => Number(row[index + 1]))),
      ]),
    ),
  })
}

async function put(key: string, table: Table): Promise<void> {
  const chunks = Readable.from([tableToIPC(table, 'stream')])
  // The promise is fulfilled when the table is on disk.
  await client.put({ path: [key] }, readIpcStream(chunks))
}

async function query(sql: string): Promise<Table> {
  const info = await client.info({ cmd: sql })
  const [endpoint] = info.endpoint
  if (!endpoint?.ticket) throw new Error('The server gave no ticket')
  return tableFromIPC(writeIpcStream(client.get(endpoint.ticket.ticket)))
}

await put('BTC_PERP_202201', readBars('examples/data/btc-perp-1m.csv'))
const loaded = await tableFromIPC(writeIpcStream(client.get('BTC_PERP_202201')))
console.log(`BTC_PERP_202201: ${loaded.numRows} rows of ${loaded.schema.fields.join(', ')}`)

const days = await query(`
  SELECT timestamp::DATE::VARCHAR AS day, arg_max(close, timestamp) AS close, sum(volume) AS volume
  FROM BTC_PERP_202201 GROUP BY day ORDER BY day LIMIT 5
`)
console.table(Array.from({ length: days.numRows }, (_, index) => days.get(index)?.toJSON()))
client.close()
