import type { FlightSqlResult } from './results.ts'
import { figure, markdownTable } from './tables.ts'

/** Flight SQL beside plain Flight, for docs/performance.md. */
export function flightSqlTable({ whole, point, ingest, sessions, left, rows }: FlightSqlResult): string {
  const count = rows.toLocaleString('en')
  const beside = (own: number, plain: number, name: string): string =>
    `${(plain / own).toFixed(2)} × ${name}, ${figure(plain)} ms`
  const open = left.running + left.waiting + left.parked
  const memory = `${Math.max(0, sessions.rss_growth / 1e6).toFixed(0)} MB`
  return markdownTable(
    ['', 'ms', 'beside'],
    [
      [
        `SELECT * of ${count} rows`,
        figure(whole.ADBC.p50_ms),
        beside(whole.ADBC.p50_ms, whole.DoGet.p50_ms, 'DoGet'),
      ],
      [`prepared point query over ${count} rows`, figure(point.p50_ms), `p99 ${figure(point.p99_ms)} ms`],
      [
        `ingestion of ${count} rows`,
        figure(ingest.ADBC.p50_ms),
        beside(ingest.ADBC.p50_ms, ingest.DoPut.p50_ms, 'DoPut'),
      ],
      [
        `${sessions.count} sessions at once, each connects and asks`,
        figure(sessions.seconds * 1000),
        `${open} queries left, ${memory} more memory`,
      ],
    ],
    [0, 2],
  )
}
