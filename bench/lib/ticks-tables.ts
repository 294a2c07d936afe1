import type {
  CompactionResult,
  LargePartsResult,
  PointQueryResult,
  PruningResult,
  RollupResult,
  StartResult,
} from './results.ts'
import { figure, markdownTable } from './tables.ts'

/** An hour of one contract out of a year, for docs/performance.md. */
export function pruningTable({ ways, opened, ...result }: PruningResult): string {
  const rows = Object.entries(ways).map(([name, { p50_ms: p50, p99_ms: p99 }]) => [
    name,
    figure(p50),
    figure(p99),
  ])
  return [
    `${count(result.rows)} rows of ${count(result.contracts)} contracts in ${count(result.days)} days, ${count(result.calls)} calls. ` +
      `Parts opened: ${opened.most} of ${count(opened.of)} at most. The put took ${figure(result.put_seconds)} s, the ` +
      `compaction at zstd ${result.level} ${figure(result.compact_seconds)} s.`,
    '',
    markdownTable(['', 'p50 ms', 'p99 ms'], rows),
  ].join('\n')
}

/** One account among many parts, for docs/performance.md. */
export function pointQueryTable({ ways, loop, first, opened, ...result }: PointQueryResult): string {
  const rows = Object.entries(ways).map(([name, { p50_ms: p50, p99_ms: p99 }]) => [
    name,
    count(opened[name] ?? 0),
    figure(p50),
    figure(p99),
    figure(loop[name]?.p50_ms ?? 0),
    figure(loop[name]?.p99_ms ?? 0),
    figure(first[name]?.ms ?? 0),
    figure(first[name]?.loop_ms ?? 0),
  ])
  const columns = ['', 'parts opened', 'p50', 'p99', 'loop late, p50', 'p99', 'first call', 'loop late']
  return [
    `In ms; ${count(result.parts)} parts, ${count(result.calls)} calls of each kind:`,
    '',
    markdownTable(columns, rows),
  ].join('\n')
}

/** Reads beside a compaction, for docs/performance.md. */
export function compactionTable({ reads, calls, ...result }: CompactionResult): string {
  const rows = Object.entries(reads).map(([name, { without, during }]) => [
    name,
    figure(without.p50_ms),
    figure(during.p50_ms),
    (during.p50_ms / without.p50_ms).toFixed(2),
    figure(without.p99_ms),
    figure(during.p99_ms),
    (during.p99_ms / without.p99_ms).toFixed(2),
  ])
  return [
    `In ms; ${count(calls.without)} calls of each kind without compaction and ${count(calls.during)} during ${result.jobs_done} jobs from ` +
      `their begin to their commit, each of ${count(result.rows)} ticks in ${figure(result.job_seconds)} s:`,
    '',
    markdownTable(['', 'p50', 'during', 'ratio', 'p99', 'during', 'ratio'], rows),
  ].join('\n')
}

/** Small parts that became large ones, for docs/performance.md. */
export function largePartsTable({ fill, stopped, killed, compaction, ...result }: LargePartsResult): string {
  const mb = (bytes: number): string => `${count(Math.round(bytes / 1e6))} MB`
  const { reads, rss, parts } = compaction
  const rows = Object.entries({ before: fill.reads, ...reads }).map(([when, { SQL, DoGet }]) => [
    when,
    ...[SQL, DoGet].flatMap((kind) => [figure(kind?.p50_ms ?? 0), figure(kind?.p99_ms ?? 0)]),
  ])
  return [
    `${count(result.rows)} rows in ${count(fill.parts)} parts of ${mb(fill.bytes)} became ${count(parts.length)} parts of ` +
      `${parts.map(({ bytes }) => mb(bytes)).join(', ')} in ${count(Math.round(compaction.seconds))} s. The server had ` +
      `${mb(rss.before)} of memory before, ${mb(rss.peak)} at most and ${mb(rss.after)} after, of ` +
      `${result.memory.duckdb_mib} MiB for DuckDB and ${result.memory.cache_mib} for the cache; \`tmp/\` had ` +
      `${mb(compaction.temporary_bytes)} at most. A job of ${mb(stopped.running_bytes)} was paused in ${count(stopped.ms)} ms; ` +
      `a kill left ${mb(killed.left_bytes)} in \`tmp/\`, and the next start, of ${count(killed.start_ms)} ms, ` +
      `${count(killed.left_after)} bytes. Reads of 50 ms of one symbol, in ms, ${count(compaction.calls_during)} of each kind meanwhile:`,
    '',
    markdownTable(['', 'SQL, p50', 'p99', 'range ticket, p50', 'p99'], rows),
  ].join('\n')
}

/** A rollup beside its query, for docs/performance.md. */
export function rollupTable({ ways, tail, ...result }: RollupResult): string {
  const all = Object.entries(ways)
  const query = all.at(-1)?.[1].p50_ms ?? 0
  const rows = all.map(([name, { p50_ms: p50 }]) => [name, figure(p50), (query / p50).toFixed(1)])
  return [
    `${count(result.bars)} bars of ${count(result.rows)} trades; the end was computed from ${count(tail.log_rows)} rows of the log ` +
      `and ${tail.parts} of ${tail.parts_total} parts. Computing all once took ${figure(result.built_ms)} ms.`,
    '',
    markdownTable(['', 'ms', 'times as fast as the query'], rows),
  ].join('\n')
}

/** Starts after a kill, for docs/performance.md. */
export function startTable({ ms, rows, bytes, rounds }: StartResult): string {
  const lines = Object.entries(ms).map(([name, time]) => [name, figure(time)])
  return [
    `Medians of ${rounds}; the logs have ${count(rows)} rows in ${(bytes / 1e9).toFixed(2)} GB:`,
    '',
    markdownTable(['', 'ms'], lines),
  ].join('\n')
}

function count(value: number): string {
  return value.toLocaleString('en')
}
