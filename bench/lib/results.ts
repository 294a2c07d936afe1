/** One thing done in several ways, interleaved: median, smallest and largest time of each way in ms. */
export interface Comparison {
  readonly name: string
  readonly rows?: number
  readonly bytes?: number
  /** Sterna first, then its reference. */
  readonly ms: Readonly<Record<string, number>>
  readonly min_ms: Readonly<Record<string, number>>
  readonly max_ms: Readonly<Record<string, number>>
}

/** What bench/results/main-job.json holds. */
export interface MainJobResult {
  readonly timings: readonly Comparison[]
  readonly compression: readonly { readonly name: string; readonly put: number; readonly compacted: number }[]
  /** Server CPU of one DoGet of a small cached dataset. */
  readonly do_get_cpu_ms: number
  readonly memory: {
    readonly bytes: number
    readonly rss: number
    readonly rss_peak: number
    readonly cache_bytes: number
    readonly cache_bytes_max: number
  }
  /** A SQL result read to its end, and by how much the server's resident memory grew meanwhile. */
  readonly sql_stream: { readonly rows: number; readonly seconds: number; readonly rss_growth: number }
  readonly rows: number
  readonly rounds: number
  readonly machine: Machine
}

/** Where the figures were taken. */
export interface Machine {
  readonly cores: number
  readonly memoryBytes: number
  readonly node: string
}

/** What bench/results/data-plane.json holds: one row a cell and peer. */
export interface DataPlaneResult {
  readonly columns: readonly string[]
  readonly cells: readonly (readonly (string | number | boolean | null)[])[]
  readonly sizes: { readonly rows: number; readonly rounds: number; readonly seconds: number }
  readonly machine: Machine
}

/** One peer's figures in {@link TargetsResult}; the CPU and memory of a server only where clients measured it. */
export interface PeerFigures {
  readonly mb_per_s: number
  readonly p50_ms: number
  readonly server_cpu_s_per_gb?: number | null
}

/** What bench/results/targets.json holds. */
export interface TargetsResult {
  readonly comparisons: readonly {
    readonly name: string
    readonly peers: Readonly<Record<string, PeerFigures>>
  }[]
  readonly long_result: {
    readonly rows: number
    readonly bytes: number
    readonly seconds: number
    /** Resident memory before, and by how much its peak was above. */
    readonly idle: number
    readonly growth: number
  }
  readonly rounds: number
  readonly machine: Machine
}

/** What bench/results/fairness.json holds: small calls alone and beside large ones. */
export interface FairnessResult {
  readonly situations: readonly {
    readonly name: string
    readonly latencies: Readonly<Record<string, { readonly p50_ms: number; readonly p99_ms: number }>>
    readonly event_loop: { readonly p50_ms: number; readonly p99_ms: number; readonly max_ms: number }
  }[]
  readonly calls: number
  readonly machine: Machine
}

/** What bench/results/append.json holds: medians of the rounds. */
export interface AppendResult {
  /** Beside a loop that writes and syncs the same bytes, batch by batch. */
  readonly one_writer: { readonly rows_per_second: number; readonly of_plain_loop: number }
  /** Each waits for its answer before it sends again; beside one write and sync. */
  readonly eight_writers: {
    readonly rows_per_second: number
    readonly p99_ms: number
    readonly sync_p50_ms: number
    readonly sync_p99_ms: number
  }
  readonly single_rows: { readonly rows_per_second: number }
  readonly acknowledgements: Acknowledgements
  readonly rounds: number
  readonly machine: Machine
}

/** How long writers wait, in ms: medians of the rounds. */
export interface Acknowledgements {
  /** One write and sync of a batch, by a loop. */
  readonly sync: Waits
  readonly runs: readonly {
    /** Of all eight writers; 0: each waits for its answer before it sends again. */
    readonly offered_rows_per_second: number
    readonly sterna: Waits & { readonly rows_per_second: number }
    readonly reference: Waits & { readonly rows_per_second: number }
  }[]
}

interface Waits {
  readonly p50_ms: number
  readonly p99_ms: number
  readonly p999_ms: number
}

/** What bench/results/flight-sql.json holds: medians of interleaved rounds. */
export interface FlightSqlResult {
  readonly whole: Readonly<Record<'ADBC' | 'DoGet', { readonly p50_ms: number }>>
  readonly point: { readonly p50_ms: number; readonly p99_ms: number }
  readonly ingest: Readonly<Record<'ADBC' | 'DoPut', { readonly p50_ms: number }>>
  readonly sessions: { readonly count: number; readonly seconds: number; readonly rss_growth: number }
  /** Queries that the server still knows of at the end. */
  readonly left: { readonly running: number; readonly waiting: number; readonly parked: number }
  readonly rows: number
  readonly rounds: number
  readonly machine: Machine
}

/** Times of many calls of one kind. */
export interface Latency {
  readonly p50_ms: number
  readonly p99_ms: number
}

/** What bench/results/pruning.json holds: an hour of one contract, each call of another one. */
export interface PruningResult {
  readonly ways: Readonly<Record<string, Latency>>
  /** The most parts that one of the queries opened, and how many there are. */
  readonly opened: { readonly most: number; readonly of: number }
  readonly rows: number
  readonly contracts: number
  readonly days: number
  readonly calls: number
  readonly put_seconds: number
  readonly compact_seconds: number
  /** Of zstd, in the compacted parts. */
  readonly level: number
  readonly machine: Machine
}

/** What bench/results/point-query.json holds: one account among many parts, and the delays of the event loop meanwhile. */
export interface PointQueryResult {
  readonly ways: Readonly<Record<string, Latency>>
  /** The latest of each call. */
  readonly loop: Readonly<Record<string, Latency>>
  /** The first call of each kind after a start. */
  readonly first: Readonly<Record<string, { readonly ms: number; readonly loop_ms: number }>>
  /** The most parts that one of some queries opened. */
  readonly opened: Readonly<Record<string, number>>
  readonly parts: number
  readonly calls: number
  readonly machine: Machine
}

/** What bench/results/compaction.json holds: small reads beside a compaction and without it, in turns. */
export interface CompactionResult {
  readonly reads: Readonly<Record<string, Readonly<Record<'without' | 'during', Latency>>>>
  /** Each of one large dataset, with its commit, and how long one took. */
  readonly jobs_done: number
  readonly job_seconds: number
  /** Of the dataset that is compacted. */
  readonly rows: number
  /** Of each kind. */
  readonly calls: Readonly<Record<'without' | 'during', number>>
  readonly machine: Machine
}

/** What bench/results/large-parts.json holds: small parts that became large ones, and what it took. */
export interface LargePartsResult {
  readonly fill: {
    readonly parts: number
    readonly bytes: number
    readonly seconds: number
    readonly reads: Readonly<Record<string, Latency>>
  }
  /** A job that was paused: of the files that it read and had written, and how long the pause took. */
  readonly stopped: { readonly running_bytes: number; readonly temporary_bytes: number; readonly ms: number }
  /** A server that was killed in the middle of one: what was in `tmp/` then, and after the next start. */
  readonly killed: { readonly left_bytes: number; readonly start_ms: number; readonly left_after: number }
  readonly compaction: {
    readonly seconds: number
    /** When each job was done. */
    readonly jobs_done_at: readonly number[]
    readonly parts_before: number
    readonly parts: readonly { readonly rows: number; readonly bytes: number }[]
    /** Resident memory of the server. */
    readonly rss: { readonly before: number; readonly peak: number; readonly after: number }
    /** The most that was in `tmp/`. */
    readonly temporary_bytes: number
    readonly reads: Readonly<Record<'during' | 'after', Readonly<Record<string, Latency>>>>
    readonly calls_during: number
  }
  readonly rows: number
  /** What the server was told. */
  readonly memory: { readonly cache_mib: number; readonly duckdb_mib: number }
  readonly machine: Machine
}

/** What bench/results/rollup.json holds. */
export interface RollupResult {
  readonly ways: Readonly<Record<string, Latency>>
  /** What computing all of it once took. */
  readonly built_ms: number
  readonly rows: number
  readonly bars: number
  /** From what the last buckets were computed in the end. */
  readonly tail: { readonly log_rows: number; readonly parts: number; readonly parts_total: number }
  readonly rounds: number
  readonly machine: Machine
}

/** What bench/results/start.json holds: until a server that was killed answers again, and what it had to read. */
export interface StartResult {
  readonly ms: Readonly<Record<string, number>>
  /** Of the logs. */
  readonly rows: number
  readonly bytes: number
  readonly rounds: number
  readonly machine: Machine
}
