import type { MainJobResult } from './results.ts'
import { figure, markdownTable } from './tables.ts'

/** The figures of the main job, for README. */
export function mainJobTables(result: MainJobResult): string {
  const { machine, memory, sql_stream: sql } = result
  const timings = result.timings.map(({ name, ms }) => {
    const [sterna, reference] = Object.entries(ms)
    if (!sterna || !reference) throw new Error(`The comparison "${name}" lacks a way`)
    return [name, figure(sterna[1]), figure(reference[1]), reference[0]]
  })
  const ratios = result.compression.map(({ name, put, compacted }) => [
    name,
    `${figure(put)}×`,
    `${figure(compacted)}×`,
  ])
  return [
    `${result.rows.toLocaleString('en')} rows a table, batches of 65,536, client and server on one machine of ` +
      `${machine.cores} cores (Node ${machine.node}); medians of ${result.rounds} interleaved rounds, in ms at the client:`,
    '',
    markdownTable(['', 'Sterna', 'reference', 'which is'], timings, [0, 3]),
    '',
    `Server CPU of a DoGet of a small cached dataset: ${figure(result.do_get_cpu_ms)} ms. Resident memory at its peak, ` +
      `while ${figure(memory.bytes / 1e9)} GB went through DoPut and DoGet: ${figure(memory.rss_peak / 1e6)} MB, with ` +
      `${figure(memory.cache_bytes / 1e6)} MB in a cache of ${figure(memory.cache_bytes_max / 1e6)} MB. A SQL result of ` +
      `${sql.rows.toLocaleString('en')} rows took ${figure(sql.seconds)} s and ${figure(sql.rss_growth / 1e6)} MB more memory.`,
    '',
    'Size in Arrow over size on disk; all but `quiet` are random walks, the hard case:',
    '',
    markdownTable(['', 'as put (zstd 3)', 'compacted (zstd 19)'], ratios),
  ].join('\n')
}
