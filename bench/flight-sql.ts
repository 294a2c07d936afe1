/**
 * Flight SQL by the ADBC driver beside plain Flight: ten million rows read and ingested, a prepared point query over
 * them, and a hundred sessions at once.
 *
 * A full run takes two minutes and writes bench/results/flight-sql.json; `--smoke` is the same in a small size, and
 * writes nothing.
 */
import { runPython } from '../test/support/python.ts'
import { parameters } from './lib/parameters.ts'
import type { FlightSqlResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'
import { startServers } from './lib/servers.ts'

const { rows, rounds, points, sessions } = parameters(isSmoke, {
  rows: { smoke: 20_000, full: 10_000_000 },
  rounds: { smoke: 1, full: 5 },
  points: { smoke: 10, full: 500 },
  sessions: { smoke: 5, full: 100 },
})

await inTemporaryFolder(async (folder) => {
  const { servers, stop } = await startServers(folder, { data: ['--cache-size', '4GB'] })
  try {
    const args = [servers.data.url, ...[servers.data.pid, rows, rounds, points, sessions].map(String)]
    const { json } = await runPython('bench/flight_sql.py', args, { timeoutMs: 1_800_000 })
    const measured = json as Omit<FlightSqlResult, 'rows' | 'rounds' | 'machine'>
    if (isSmoke) console.log(`${Object.keys(measured).length} uses of Flight SQL ran`)
    else await saveResult('flight-sql', { ...measured, rows, rounds, machine: machine() })
  } finally {
    await stop()
  }
})
