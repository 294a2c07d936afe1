import type { TargetsResult } from './results.ts'
import { figure, markdownTable } from './tables.ts'

/** The headline figures, for docs/performance.md. */
export function targetsTable({ comparisons, long_result: long, rounds }: TargetsResult): string {
  const rows = comparisons.flatMap(({ name, peers }) => {
    const { Sterna: sterna } = peers
    if (!sterna) throw new Error(`The comparison "${name}" lacks Sterna`)
    return Object.entries(peers).map(([peer, cell], index) => [
      index === 0 ? name : '',
      peer,
      figure(cell.p50_ms),
      cell.mb_per_s > 1 ? figure(cell.mb_per_s) : '',
      // A call that moves next to nothing has no costs per gigabyte.
      cell.mb_per_s > 1 && typeof cell.server_cpu_s_per_gb === 'number'
        ? figure(cell.server_cpu_s_per_gb)
        : '',
      index === 0 ? '' : (cell.p50_ms / sterna.p50_ms).toFixed(2),
    ])
  })
  return [
    `Medians of ${rounds} interleaved rounds. The last column says how many times as fast as this peer Sterna is, by the`,
    'time of one call:',
    '',
    markdownTable(['', 'side', 'ms', 'MB/s', 'server CPU s/GB', 'Sterna is'], rows, [0, 1]),
    '',
    `A SQL result of ${long.rows.toLocaleString('en')} rows (${figure(long.bytes / 1e9)} GB) took ${figure(long.seconds)} s; the ` +
      `server's resident memory rose by ${figure(long.growth / 1e6)} MB at its peak over ${figure(long.idle / 1e6)} MB before.`,
  ].join('\n')
}
