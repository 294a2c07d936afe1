import type { AppendResult } from './results.ts'
import { figure, markdownTable } from './tables.ts'

/** Durable appends, for docs/performance.md. */
export function appendTable(result: AppendResult): string {
  const { one_writer: one, eight_writers: eight, single_rows: single } = result
  const perSecond = (value: number): string => value.toLocaleString('en')
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
