import type { FairnessResult } from './results.ts'
import { figure, markdownTable } from './tables.ts'

/** Small calls beside large ones, for docs/performance.md. */
export function fairnessTable({ situations, calls }: FairnessResult): string {
  const names = Object.keys(situations[0]?.latencies ?? {})
  const rows = situations.map(({ name, latencies, event_loop: loop }) => [
    name,
    ...names.flatMap((call) => [figure(latencies[call]?.p50_ms ?? 0), figure(latencies[call]?.p99_ms ?? 0)]),
    figure(loop.p99_ms),
    figure(loop.max_ms),
  ])
  const header = ['', ...names.flatMap((call) => [`${call}, p50`, 'p99']), 'event loop, p99', 'max']
  return `In ms, ${calls.toLocaleString('en')} calls of each kind:\n\n${markdownTable(header, rows)}`
}
