/** A server on grpc-js as it comes. Usage: node serve-stock.js DATA_DIR */
import { createServer } from '../../src/index.ts'

const server = await createServer(
  { port: 0, dataDir: process.argv[2] ?? '', logLevel: 'info' },
  { transport: 'stock' },
)
console.log(`listening on ${server.url}`)
process.once('SIGTERM', () => void server.stop())
