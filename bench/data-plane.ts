/**
 * The data plane: every way in and out, for each kind of data, size of batches, number of clients, in plain text and
 * over TLS, beside C++, Go, ROAPI and Python DuckDB in the same, interleaved run.
 *
 * A full run takes ten minutes, fetches arrow-go and ROAPI, and writes bench/results/data-plane.json; `--smoke` is the
 * same in a small size with the peers that are there anyway, and writes nothing.
 */
import { join } from 'node:path'
import { runPython } from '../test/support/python.ts'
import { projectRoot } from '../test/support/project-root.ts'
import { inTemporaryFolder, isSmoke, machine, saveResult } from './lib/run.ts'
import { startServers } from './lib/servers.ts'
import type { DataPlaneResult } from './lib/results.ts'

const datasets = ['float64', 'ohlcv_utf8', 'ohlcv_dictionary', 'ticks']
const sizes = isSmoke
  ? { datasets: datasets.slice(2), rows: 2_000, batch_rows: [500], clients: [1, 2], rounds: 1, seconds: 0 }
  : {
      datasets,
      rows: 250_000,
      batch_rows: [1_000, 65_536, 1_000_000],
      clients: [1, 4, 8],
      rounds: 1,
      seconds: 0.1,
    }
const certificate = join(projectRoot, 'test/support/tls/server.crt')
const key = join(projectRoot, 'test/support/tls/server.key')

await inTemporaryFolder(async (folder) => {
  const tls = ['--tls-cert', certificate, '--tls-key', key]
  // Too small for any dataset, so that each read comes from Parquet.
  const cold = ['--cache-size', isSmoke ? '1KB' : '1MB']
  const { servers, stop } = await startServers(folder, {
    plainHot: [],
    plainCold: cold,
    tlsHot: tls,
    tlsCold: [...tls, ...cold],
  })
  try {
    const options = {
      plain: { hot: servers.plainHot, cold: servers.plainCold },
      tls: { hot: servers.tlsHot, cold: servers.tlsCold },
      certificate,
      key,
      folder,
      extra_peers: !isSmoke,
      ...sizes,
    }
    const { json } = await runPython('bench/data_plane.py', [JSON.stringify(options)], {
      timeoutMs: 3_600_000,
    })
    const { columns, cells } = json as Pick<DataPlaneResult, 'columns' | 'cells'>
    if (isSmoke) console.log(`${cells.length} cells ran`)
    else await saveResult('data-plane', { columns, cells, sizes, machine: machine() })
  } finally {
    await stop()
  }
})
