import type { DataPlaneResult } from './results.ts'
import { figure, markdownTable } from './tables.ts'

/** One row of bench/results/data-plane.json by its columns. */
interface Cell {
  readonly operation: string
  readonly dataset: string | null
  readonly batch_rows: number | null
  readonly clients: number
  readonly tls: boolean
  readonly peer: string
  readonly calls_per_s: number
  readonly mb_per_s: number
  readonly p50_ms: number
  readonly p99_ms: number
  readonly client_cpu_s_per_gb: number | null
  readonly server_cpu_s_per_gb: number | null
  readonly server_peak_rss_mb: number | null
}

/** Batches of this size are what most clients send; the tables by peer are of these. */
const USUAL_BATCH_ROWS = 65_536
const PEERS = ['Sterna', 'C++', 'arrow-go', 'ROAPI', 'in process', 'TCP']

/** The matrix, for docs/performance.md. */
export function dataPlaneTables(result: DataPlaneResult): string {
  const cells = result.cells.map(
    (row) =>
      Object.fromEntries(result.columns.map((column, index) => [column, row[index]])) as unknown as Cell,
  )
  const operations = unique(cells.filter(({ dataset }) => dataset !== null).map(({ operation }) => operation))
  const usual = cells.filter(
    ({ batch_rows: rows, tls }) => (rows ?? USUAL_BATCH_ROWS) === USUAL_BATCH_ROWS && !tls,
  )
  const { rows, rounds } = result.sizes
  const { cores, node } = result.machine
  return [
    `${rows.toLocaleString('en')} rows a dataset, or one batch where that is more; clients and servers on one machine of ${cores} cores (Node ${node}), ` +
      `${rounds === 1 ? 'one round' : `${rounds} rounds`}, Sterna and its peers in turns. Every figure, with those that the tables leave out, is in ` +
      '[bench/results/data-plane.json](../bench/results/data-plane.json).',
    '',
    ...operations.flatMap((operation) => [
      `**${operation}**: Arrow MB/s of all clients together, and in brackets the ratio to C++`,
      '',
      operationTable(cells.filter((cell) => cell.operation === operation)),
      '',
    ]),
    '**Beside each peer**, batches of 65,536 rows, plain text, one client: MB/s; for `select 1` calls a second',
    '',
    peerTable(usual.filter(({ clients }) => clients === 1)),
    '',
    '**What a call costs**, batches of 65,536 rows, plain text: latency in ms with one client and with the most, CPU',
    'seconds per GB at the server and the client with one client, and the peak of the resident memory of the server, which',
    'holds all datasets, with the most',
    '',
    costTable(usual.filter(({ peer }) => peer === 'Sterna' || peer === 'C++')),
  ].join('\n')
}

function operationTable(cells: readonly Cell[]): string {
  const columns = unique(cells.map(({ tls, clients }) => `${tls ? 'TLS, ' : ''}${clients}`))
  const rows = unique(cells.map(nameOf)).map((name) => [
    name,
    ...columns.map((column) => {
      const here = cells.filter(
        (cell) => nameOf(cell) === name && `${cell.tls ? 'TLS, ' : ''}${cell.clients}` === column,
      )
      const sterna = here.find(({ peer }) => peer === 'Sterna')
      const reference = here.find(({ peer }) => peer === 'C++')
      if (!sterna || !reference) return ''
      return `${figure(sterna.mb_per_s)} (${(sterna.mb_per_s / reference.mb_per_s).toFixed(2)})`
    }),
  ])
  return markdownTable(
    [
      'data, rows a batch',
      ...columns.map((column) => `${column} client${column === '1' || column === 'TLS, 1' ? '' : 's'}`),
    ],
    rows,
  )
}

function peerTable(cells: readonly Cell[]): string {
  const rows = unique(cells.map(labelOf)).map((label) => [
    label,
    ...PEERS.map((peer) => {
      const cell = cells.find((candidate) => labelOf(candidate) === label && candidate.peer === peer)
      if (!cell) return ''
      return figure(cell.dataset === null ? cell.calls_per_s : cell.mb_per_s)
    }),
  ])
  return markdownTable(['', ...PEERS], rows)
}

function costTable(cells: readonly Cell[]): string {
  const most = Math.max(...cells.map(({ clients }) => clients))
  const rows = unique(cells.map((cell) => `${labelOf(cell)}, ${cell.peer}`)).map((label) => {
    const here = cells.filter((cell) => `${labelOf(cell)}, ${cell.peer}` === label)
    const one = here.find(({ clients }) => clients === 1)
    const many = here.find(({ clients }) => clients === most)
    const optional = (value: number | null | undefined): string =>
      typeof value === 'number' ? figure(value) : ''
    return [
      label,
      ...[one, many].flatMap((cell) => [optional(cell?.p50_ms), optional(cell?.p99_ms)]),
      // A call that moves some bytes has no cost per GB.
      one?.dataset === null ? '' : optional(one?.server_cpu_s_per_gb),
      one?.dataset === null ? '' : optional(one?.client_cpu_s_per_gb),
      optional(many?.server_peak_rss_mb),
    ]
  })
  const header = [
    '',
    'p50, 1',
    'p99, 1',
    `p50, ${most}`,
    `p99, ${most}`,
    'server s/GB',
    'client s/GB',
    'peak MB',
  ]
  return markdownTable(header, rows)
}

function nameOf({ dataset, batch_rows: rows }: Cell): string {
  return `${dataset}, ${rows?.toLocaleString('en')}`
}

function labelOf({ operation, dataset }: Cell): string {
  return dataset === null ? operation : `${operation}, ${dataset}`
}

function unique<T>(values: readonly T[]): T[] {
  return [...new Set(values)]
}
