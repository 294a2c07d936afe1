const KiB = 1024
const MiB = 1024 * KiB
const GiB = 1024 * MiB

/**
 * Every default and limit of the server, each with its reason. What an operator may set is in `src/config/`,
 * whose defaults come from here.
 */
export const LIMITS = {
  /** Key length in UTF-8 bytes: percent-encoded at worst 3×, it still fits a 255-byte file name with prefix. */
  keyBytesMax: 200,
  /** Default cache: what a small machine can spare (`--cache-size`). */
  cacheBytesMax: 2 * GiB,
  /** The share of the cache one dataset may take; a larger one passes through. */
  cacheEntryShareMax: 0.5,
  /**
   * Batches that are smaller on average, and more than so many, are not cached as they came: each takes 1.5 KiB beside its
   * bytes and 20 µs of every reader. Readers get the part from the disk, in large batches, which are cached. Fewer are
   * kept of each part that a log becomes than of a put: feeds make such parts all day.
   */
  cachedFrameBytesMin: 16 * KiB,
  cachedSmallFlushedMax: 8,
  cachedSmallPutMax: 1_024,
  /** A message a client may send: pyarrow writes whole tables as one batch, 1 GiB holds 16M rows of OHLCV. */
  receiveMessageBytesMax: 1 * GiB,
  /** A longer message is collected first: 5 bytes of a lying client must not reserve a gigabyte. */
  preallocatedMessageBytesMax: 64 * MiB,
  /** What one compressed message may become: a megabyte of gzip can hold a gigabyte of zeros. */
  inflatedMessageBytesMax: 64 * MiB,
  /** Messages that are inflated at once, of all calls; the others wait. */
  inflatingMessagesMax: 4,
  /** What inflating asks for at once; with 16 KiB, its default, a message of 64 MiB takes seconds. */
  inflateChunkBytes: 1 * MiB,
  /** HTTP/2 window per stream; with 64 KiB, its default, a put runs at a quarter of the speed. */
  streamWindowBytes: 4 * MiB,
  /** HTTP/2 window per connection; measured best at twice the stream's, 16 MiB and more was slower. */
  connectionWindowBytes: 8 * MiB,
  /** Largest DATA frame a client may send us: fewer callbacks per message. */
  receiveFrameBytesMax: 64 * KiB,
  /** A connection that is silent this long is asked whether its client still lives: one without power never says goodbye. */
  keepaliveMs: 120_000,
  /** How long its answer may take before the connection, and the puts and reads on it, are given up. */
  keepaliveAnswerMs: 60_000,
  /** PINGs that one connection may have unanswered: one for each put that is about to commit; Node's default is 10. */
  pingsMax: 1_024,
  /** How long a commit waits for the answer to its PING; a client that gives none is taken at its word. */
  pingAnswerMs: 2_000,
  /** How long it waits instead on a connection that is closing, which takes no PING: a reset came with the close. */
  resetGraceMs: 100,
  /** Small frames are joined into writes of this size: a write costs ~10 µs whatever its length. */
  writeBytesTarget: 1 * MiB,
  /** PutResults a client has not read; it may read them all at the end, but not without bound. */
  putResultsBytesMax: 64 * MiB,
  /** Length of an error text on the wire: HTTP/2 peers refuse more than 8 KiB of trailers. */
  errorMessageCharsMax: 2_000,
  /** Wire size a frame is kept under where its batch can be sliced: many clients refuse over 4 MiB. */
  frameBytesTarget: 2 * MiB,
  /** The same for results of SQL, each of which a reader that stops holds for itself; a scan takes as long as with 2 MiB. */
  resultFrameBytesTarget: 1 * MiB,
  /** Arrow bytes of a put that become one part; also what a put may hold before it must wait for the disk. */
  partArrowBytesTarget: 256 * MiB,
  /** The same while all puts together hold more than the cache may: many clients must not add up to all memory. */
  crowdedPartBytes: 16 * MiB,
  /** Rows of a batch of nulls, or without columns: a hundred bytes say how many, and each costs 50 ns to store. */
  bytelessRowsMax: 16 * MiB,
  /** Rows of a frame made from Parquet or SQL: 0.5–4 MiB for market data, the best size on the wire. */
  frameRowsTarget: 65_536,
  /** Rows of a Parquet row group: two frames, so that the first leaves early, and pages still compress well. */
  rowGroupRows: 131_072,
  /** Bytes a slow reader may have queued in its stream before its source is paused. */
  sendQueueBytesMax: 1 * MiB,
  /** What zstd knows. */
  compressionLevelMin: 1,
  compressionLevelMax: 22,
  /** Zstd level on the way in: 3 is the knee of size against time. */
  compressionLevelPut: 3,
  /** Bytes of batches that one append may have sent and not been told of: enough to keep a disk busy. */
  appendQueueBytesMax: 32 * MiB,
  /** Bytes of one write to a log; what waits longer than that is the next group, with a sync of its own. */
  logGroupBytesMax: 16 * MiB,
  /** Rows and bytes from which on a log becomes a part, and the age of its oldest row. */
  logFlushRows: 10_000,
  logFlushBytes: 64 * MiB,
  logFlushMs: 60_000,
  /** How often logs are asked for their age. */
  logFlushCheckMs: 1_000,
  /** Logs that become parts at once; each holds a DuckDB connection and a core. */
  logFlushesMax: 2,
  /** Bytes of a log in memory, and of all: writers wait while it becomes a part. */
  logBytesMax: 256 * MiB,
  logsBytesMax: 1 * GiB,
  /** Logs that are read at once at the start: while one is checked, others come from the disk. */
  logReadsMax: 4,
  /** How long a stopping server makes parts of its logs; the rest is read again at the next start. */
  logFlushStopMs: 10_000,
  /** How often the disk is asked to follow, with durability `interval`. */
  logSyncMs: 200,
  /** Ids of batches that are known again, and for how long: a client that retries does so within minutes. */
  logIdsMax: 10_000,
  logIdsMs: 3_600_000,
  /** Length of such an id in UTF-8 bytes: a UUID has 36. */
  batchIdBytesMax: 200,
  /** Zstd level of compaction, where time matters little. */
  compressionLevelCompact: 19,
  /** Arrow bytes of a part that compaction makes: 100-500 MB of Parquet at the usual ratios. */
  compactArrowBytesTarget: 2 * GiB,
  /** How often rollups take in what their sources got: a bar of a minute is read from its part soon after. */
  rollupRefreshMs: 10_000,
  /** Arrow bytes of a part that a rollup writes anew rather than have one more beside it: a few ms. */
  rollupPartBytesMin: 4 * MiB,
  /** Share of the time of one thread that the refresh of rollups may take: readers compute what their parts do not have. */
  refreshCpuPercent: 10,
  /** Bytes of files that become one part: what comes out of them at level 19 has 100 to 400 MB. */
  compactFileBytesMax: 400 * MiB,
  /** Parts as they were written that are compacted whatever their size: eight minutes of a slow stream. */
  compactPartsMin: 8,
  /** Rows of a row group of a compacted part: measured 10 to 20 % smaller than with those of `rowGroupRows`. */
  compactRowGroupRows: 1024 * 1024,
  /** Values of a column of a part that the catalog keeps, where there are no more: symbols, exchanges, kinds of ticks. */
  distinctValuesMax: 256,
  /** Filters of what there is more of: 43,690 contracts or accounts in a column of a part, and some such columns. */
  columnFilterBytesMax: 64 * KiB,
  partFiltersBytesMax: 256 * KiB,
  /** Blocks of filters that one condition reads, parts times values: 3 µs each, where opening a part takes 100 or more. */
  filterLookupsMax: 131_072,
  /** How long work on the main thread that has steps goes on before others have their turns of the event loop. */
  turnMs: 2,
  /** Parts that one such step reads the bounds of, or looks into the filters of: a ms or two. */
  turnParts: 256,
  /** How long no rows have to come before a dataset is compacted whatever it has (`compaction.quiet_ms`). */
  compactQuietMs: 600_000,
  /** Share of the time of one thread, and bytes a second, that work in the background may take. */
  jobCpuPercent: 50,
  jobBytesPerSecond: 100 * MiB,
  /** How often somebody looks for work in the background, and for datasets that have become quiet. */
  jobCheckMs: 5_000,
  compactLookMs: 30_000,
  /** How often datasets are asked for rows that are too old, and how late these may go where a part has to be rewritten. */
  retentionLookMs: 60_000,
  retentionLateShareMax: 0.1,
  retentionLateMsMax: 86_400_000,
  /** How long work that has failed is left alone. */
  jobRetryMs: 60_000,
  /** Batches a DoExchange may hold: its table `input`, or the rows that DuckDB's airport extension changes. */
  exchangeInputBytesMax: 256 * MiB,
  /** JSON requests and SQL texts: larger ones are mistakes or attacks. */
  requestBytesMax: 1 * MiB,
  /** SQL made of a filter that a DuckDB client pushes down; it travels in a ticket, and longer lists are left to the client. */
  pushedFilterCharsMax: 64 * KiB,
  /** Rows of a table whose columns DuckDB clients get statistics of: each is read once for a version of the table. */
  airportStatisticsRowsMax: 20_000_000,
  /** Transactions of DuckDB clients. They begin one for each query and end none: the oldest make room. */
  airportTransactionsMax: 10_000,
  /** How long such a transaction keeps its snapshot after its last call. */
  airportTransactionIdleMs: 10 * 60_000,
  /** How often snapshots are asked for their age where nothing is committed. */
  historyCheckMs: 60_000,
  /** Bytes of a backup that go into one message. */
  backupChunkBytes: 1 * MiB,
  /** Backups at once: each keeps every file that is replaced meanwhile, and logs that are parts already. */
  backupsMax: 2,
  /** Files that become parts by one adoption: a commit writes some rows for each, and for each of its columns. */
  adoptedFilesMax: 10_000,
  /** Versions that one answer lists. */
  versionsListedMax: 10_000,
  /** Past states of the catalog in memory; reading one of 10,000 datasets takes a tenth of a second. */
  pastStatesMax: 8,
  /**
   * What a query with a condition reads of frames in memory rather than of Parquet: 32,768 rows take it 2 ms of the main
   * thread, about as long as it takes DuckDB to open a part.
   */
  selectedRowsMax: 32_768,
  selectedBytesMax: 8 * MiB,
  /** Results a repeated query is answered from, all together and each. */
  resultCacheBytesMax: 64 * MiB,
  resultCacheEntryBytesMax: 4 * MiB,
  /** What a repeated statement is described from: some ten thousand schemas of usual size. */
  descriptionCacheBytesMax: 8 * MiB,
  /** Parts that are compared with their checksums at once: while one is checked, another comes from the disk. */
  comparisonsMax: 2,
  /** Bytes of parts that a statement waits for to be compared; what is beyond is compared after it: 0.7 s. */
  comparedBytesMax: 512 * MiB,
  /** SQL statements that run at once; each holds a libuv thread while it computes. */
  queriesMax: 32,
  /** A reader that takes nothing for this long has its query parked, then after twice as long each time. */
  stalledReaderMs: 2_000,
  /** Queries that are parked; those of further readers that stop go on holding their slots. */
  parkedQueriesMax: 256,
  /** Users in a file: all are read into memory, and a lake of more belongs behind a directory service. */
  usersMax: 10_000,
  /** How long a change of the users' file may take to be seen: every call looks a user up. */
  usersFileCheckMs: 1_000,
  /** How long a bearer token is good: a week of a dashboard that nobody restarts. */
  tokenLifetimeMs: 7 * 24 * 3_600_000,
  /** Passwords checked at once; each takes 32 MiB and a thread of libuv's pool for a quarter of a second. */
  passwordChecksMax: 8,
  /** Credentials that were right lately and need no second check: clients that send them with every call. */
  knownCredentialsMax: 1_024,
  /** Prepared statements that clients hold: 100 pooled connections with 100 each. */
  preparedStatementsMax: 10_000,
  /** A pool may keep a statement between two bursts; one of a client that is gone must not stay. */
  preparedStatementIdleMs: 60 * 60_000,
  /** Values bound to one statement as an IPC stream: they travel in its ticket, and FlightInfo must fit 4 MiB. */
  boundParametersBytesMax: 1 * MiB,
  /** Of these what is kept read, all together and each: some thousand rows of a few values. */
  boundRowsBytesMax: 4 * MiB,
  boundRowsEntryBytesMax: 64 * KiB,
  /** The same for a statement that writes, whose values come with the call that runs it. */
  updateParametersBytesMax: 64 * MiB,
  /** SQL and bound values of all prepared statements together. */
  preparedBytesMax: 256 * MiB,
  /** Open transactions; each may pin a snapshot, whose files then stay. */
  transactionsMax: 1_000,
  /** A transaction without a statement for this long was forgotten. */
  transactionIdleMs: 10 * 60_000,
  /** Parquet bytes that one transaction may have in `tmp/` before it is committed. */
  transactionBytesMax: 64 * GiB,
  /** Datasets, views, schemas and comments that one transaction may change: each is a few rows of the catalog. */
  transactionChangesMax: 1_000,
  /** Which rows a statement changes, and what they become: up to here in memory, beyond in `tmp/`. */
  changedRowsBytesMax: 16 * MiB,
  /** Sessions with options. */
  sessionsMax: 10_000,
  sessionIdleMs: 24 * 60 * 60_000,
  /** How long a session waits for its cookie on another connection, where it never came on the one that is gone. */
  sessionCookieMs: 10_000,
  /** Sessions with a memory limit: each has a DuckDB of its own, with a thread for each core. */
  memorySharesMax: 16,
  /** What these may take together of the memory of SQL: the others keep half. */
  memorySharesShareMax: 0.5,
  /** The least that a session can ask for: with less a scan of one dataset has no room. */
  memoryShareBytesMin: 32 * MiB,
  /** Results held for clients: statements that run while they poll, each one of those that may run at once, and pinned snapshots. */
  pollsMax: 100,
  /** How long one waits for its client to ask again or to read; also how long its endpoints are promised. */
  pollIdleMs: 60_000,
  /** How long the first answer may wait for a short statement to be complete, and the others for news. */
  pollFirstMs: 20,
  pollNextMs: 1_000,
  /** Bytes of a result that become one endpoint: enough to be worth a call. */
  pollPieceBytes: 4 * MiB,
  /** Held of one result, and of all: the rest waits in its query and is one more endpoint. */
  pollBytesMax: 32 * MiB,
  pollsBytesMax: 512 * MiB,
  /** Endpoints that a client can ask for; a call each. */
  endpointsMax: 64,
  /** Rows of an endpoint, where a client asks for several: below, a call more costs what it saves. */
  endpointRowsMin: 131_072,
  /** Cancelled statements whose tickets are remembered; the oldest are forgotten. */
  cancelledStatementsMax: 10_000,
  /** How long a stopping server waits for calls to end. */
  drainMs: 10_000,
  /** How long statements that were interrupted may take to end; DuckDB needs milliseconds. */
  interruptMs: 5_000,
} as const
