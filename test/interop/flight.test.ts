/**
 * Every RPC and every action through pyarrow and polars against the real server, on the tuned transport and on
 * grpc-js as it comes: both must do the same.
 */
import { test } from 'node:test'
import { runChecks } from '../support/python-checks.ts'
import { withServer } from '../support/start-server.ts'

for (const transport of ['tuned', 'stock'] as const) {
  test(`pyarrow and polars over the ${transport} transport`, async (t) => {
    await withServer(
      async ({ url, dataDir }) => {
        await runChecks(t, 'test/interop/flight_checks.py', [url, dataDir])
      },
      { transport },
    )
  })
}
