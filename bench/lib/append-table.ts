import type { AppendResult } from './results.ts'
import { figure, markdownTable } from './tables.ts'

/** Durable appends, for docs/performance.md. */
export function appendTables(result: AppendResult): string {
  const { sync, runs } = result.acknowledgements
  const of = (waits: typeof sync): string[] =>
    [waits.p50_ms, waits.p99_ms, waits.p999_ms].map((each) => figure(each))
  const rows = runs.flatMap(({ offered_rows_per_second: offered, sterna, reference }) => [
    [
      offered === 0 ? 'in lockstep' : perSecond(offered),
      'Sterna',
      perSecond(sterna.rows_per_second),
      ...of(sterna),
    ],
    ['', 'reference', perSecond(reference.rows_per_second), ...of(reference)],
  ])
  const waits = [...rows, ['', 'a loop of write and sync', '', ...of(sync)]]
  return [
    writersTable(result),
    'Eight writers in Go, batches of 1,000, ms until the acknowledgement:',
    markdownTable(['offered rows/s', '', 'rows/s', 'p50', 'p99', 'p99.9'], waits, [0, 1]),
  ].join('\n\n')
}

function writersTable(result: AppendResult): string {
  const { one_writer: one, eight_writers: eight, single_rows: single } = result
  const rows = [
    [
      'one writer, batches of 10,000',
      perSecond(one.rows_per_second),
      `${figure(one.of_plain_loop)} × the loop`,
    ],
    [
      'eight writers, batches of 1,000',
      perSecond(eight.rows_per_second),
      `p99 ${figure(eight.p99_ms)} ms; a sync alone ${figure(eight.sync_p50_ms)}, p99 ${figure(eight.sync_p99_ms)}`,
    ],
    ['one writer, batches of one row', perSecond(single.rows_per_second), ''],
  ]
  return markdownTable(['', 'rows/s', 'beside'], rows, [0, 2])
}

function perSecond(value: number): string {
  return value.toLocaleString('en')
}
