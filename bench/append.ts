/**
 * Durable appends: one writer with large batches beside a plain loop of writes and syncs of the same bytes, eight
 * writers beside one sync, and batches of one row; and how long eight writers wait for each acknowledgement, from a
 * client and beside a server that do next to nothing.
 *
 * A full run takes eight minutes and writes bench/results/append.json; `--smoke` is the same in a small size, and writes
 * nothing.
 */
import { runPython } from '../test/support/python.ts'
import { startServer } from '../test/support/start-server.ts'
import { timeAcknowledgements } from './lib/acknowledgements.ts'
import { parameters } from './lib/parameters.ts'
import type { AppendResult } from './lib/results.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'

const { rounds, batches, smallBatches, rows, timedBatches } = parameters(isSmoke, {
  rounds: { smoke: 1, full: 7 },
  batches: { smoke: 5, full: 100 },
  smallBatches: { smoke: 5, full: 100 },
  rows: { smoke: 200, full: 20_000 },
  timedBatches: { smoke: 5, full: 400 },
})

await inTemporaryFolder(async (folder) => {
  const server = await startServer({ dataDir: `${folder}/data`, args: ['--log-level', 'warn'] })
  try {
    const args = [server.url, folder, rounds, batches, smallBatches, rows].map(String)
    const { json } = await runPython('bench/append.py', args, { timeoutMs: 1_800_000 })
    const figures = json as Omit<AppendResult, 'acknowledgements' | 'rounds' | 'machine'>
    const { port } = server
    const acknowledgements = await timeAcknowledgements({ port, folder, rounds, batches: timedBatches })
    if (isSmoke) {
      console.log(`${Object.keys(figures).length} kinds of writers ran`)
      console.log(`${acknowledgements.runs.length} rates of acknowledgements ran`)
    } else {
      await saveResult('append', { ...figures, acknowledgements, rounds, machine: machine() })
    }
  } finally {
    await server.stop()
  }
})
