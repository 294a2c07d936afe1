import type { Frame } from '../../flight/frame.ts'
import type { Schema } from '../../flight/ipc/schema.ts'
import type { DatasetRef } from '../../flight/request.ts'
import { SternaError } from '../errors.ts'
import { LIMITS } from '../limits.ts'
import type { Lake, PartComparer, PinnedDataset, PinnedLake, RollupDefinition } from '../store/parts.ts'
import { datasetQuery, type DatasetRange } from './dataset-query.ts'
import { Descriptions } from './descriptions.ts'
import type { Duck } from './duck.ts'
import type { Connection } from './duckdb.ts'
import { ANALYSE_SQL, Gate } from './gate.ts'
import { planText } from './plan-text.ts'
import { bindQuery, questionKey } from './query-binding.ts'
import { describedAs, QueryRun } from './query-run.ts'
import { QuerySlots } from './query-slots.ts'
import type { QueryDescription, QueryRequest, QueryResult } from './query.ts'
import { ReadComparison } from './read-comparison.ts'
import { ResultCache, type ResultCacheStats } from './results.ts'
import { type RollupPlan, planOf } from './rollup/relation.ts'
import { lakeOfRollup, readRollup } from './rollup/definition.ts'
import { resultFrames } from './stored-rows.ts'

export { type ParameterRow, parameterRows } from './parameters.ts'
export type { QueryDescription, QueryRequest, QueryResult }

export interface QueryEngineParts {
  readonly duck: Duck
  readonly lake: Lake
  /** Knows of parts whether they are what was written. */
  readonly comparer: PartComparer
  /** Absolute, as the paths of parts begin. */
  readonly dataDirectory: string
  readonly queriesMax?: number | undefined
  readonly resultCacheBytesMax?: number | undefined
}

/** What the engine does at the moment. */
export interface QueryEngineStats {
  readonly running: number
  readonly waiting: number
  /** Whose readers have stopped. */
  readonly parked: number
  readonly results: ResultCacheStats
}

/**
 * Runs SQL and range requests over snapshots of the lake: checks them at the gate, answers from the result cache
 * where it can, and otherwise streams from DuckDB, with a bounded number of queries at once.
 */
export class QueryEngine {
  readonly #duck: Duck
  readonly #lake: Lake
  readonly #comparer: PartComparer
  readonly #gate: Gate
  readonly #dataDirectory: string
  readonly #slots: QuerySlots
  readonly #results: ResultCache
  readonly #descriptions: Descriptions
  readonly #runs = new Set<QueryRun>()
  #timeZones: ReadonlySet<string> | undefined

  constructor(parts: QueryEngineParts) {
    this.#duck = parts.duck
    this.#lake = parts.lake
    this.#comparer = parts.comparer
    this.#dataDirectory = parts.dataDirectory
    this.#gate = new Gate((sql) => this.#parse(sql), { dataDirectory: parts.dataDirectory })
    this.#slots = new QuerySlots(parts.queriesMax ?? LIMITS.queriesMax)
    this.#results = new ResultCache(parts.resultCacheBytesMax)
    this.#descriptions = new Descriptions(parts)
  }

  get stats(): QueryEngineStats {
    const { running, waiting, parked } = this.#slots
    return { running, waiting, parked, results: this.#results.stats() }
  }

  /**
   * Prepares a statement and never runs it (0.3–3 ms). Without values for its parameters, types that depend on
   * them are those of NULL.
   *
   * @throws {@link SternaError} as the gate and DuckDB refuse it
   */
  async describe(request: QueryRequest): Promise<QueryDescription> {
    const binding = await bindQuery(this.#gate, (request.lake ?? this.#lake).pin(), request, false)
    try {
      return await this.#descriptions.of(binding, request)
    } finally {
      binding.release()
    }
  }

  /**
   * The dataset of which a statement gives rows one by one, so that it can run over its parts apart; null where it gives
   * anything else. Never runs it.
   *
   * @throws {@link SternaError} as {@link QueryEngine.describe}
   */
  async scanned(request: QueryRequest): Promise<PinnedDataset | null> {
    const pin = (request.lake ?? this.#lake).pin()
    const binding = await bindQuery(this.#gate, pin, request, false)
    binding.release()
    const { isScan, isVolatile, datasets } = binding.query
    const [dataset, ...others] = datasets
    if (!isScan || isVolatile || dataset === undefined || others.length > 0) return null
    return dataset.rollup === null ? dataset : null
  }

  /** Starts a statement. Rejects with SERVER_BUSY where too many wait, and as {@link QueryEngine.describe}. */
  async run(request: QueryRequest): Promise<QueryResult> {
    return this.#run((request.lake ?? this.#lake).pin(), request)
  }

  /** What {@link QueryEngine.readDataset} will give. */
  async describeDataset(ref: DatasetRef, range: DatasetRange, lake = this.#lake): Promise<QueryDescription> {
    const pin = lake.pin()
    const { request, isEmpty } = await this.#datasetRequest(pin, ref, range, undefined)
    if (isEmpty) {
      pin.release()
      return describedAs(request.target, false)
    }
    const binding = await bindQuery(this.#gate, pin, request, false)
    try {
      return await this.#descriptions.of(binding, request)
    } finally {
      binding.release()
    }
  }

  /**
   * Rows of one dataset in its own Arrow types, dictionaries and zones included.
   *
   * @throws {@link SternaError} DATASET_NOT_FOUND, REQUEST_INVALID, and as {@link QueryEngine.run}
   */
  async readDataset(
    ref: DatasetRef,
    range: DatasetRange,
    { signal, isWrite, lake = this.#lake }: Pick<QueryRequest, 'signal' | 'isWrite' | 'lake'> = {},
  ): Promise<QueryResult> {
    const pin = lake.pin()
    const { request, isEmpty } = await this.#datasetRequest(pin, ref, range, signal)
    if (!isEmpty) return this.#run(pin, { ...request, isWrite })
    pin.release()
    return { ...describedAs(request.target, false), frames: framesOf([]), close: () => undefined }
  }

  /**
   * What a dataset would be that is a rollup by this query, and its columns.
   *
   * @param schema - of a table that names none; `main` when absent
   * @throws {@link SternaError} SQL_FORBIDDEN naming what a rollup cannot have, and as {@link QueryEngine.describe}
   */
  async defineRollup(
    sql: string,
    schema?: string,
  ): Promise<RollupDefinition & Pick<QueryDescription, 'schema' | 'schemaHeader'>> {
    const pin = this.#lake.pin()
    try {
      const parts = { gate: this.#gate, duck: this.#duck, dataDirectory: this.#dataDirectory }
      const query = await readRollup(parts, sql, pin, schema)
      const described = await this.describe({ sql: query.sql, schema })
      const definition = query.define(described.schema.fields.map(({ name }) => name))
      // It is run within another query: what DuckDB has against that is to be said now.
      const lake = lakeOfRollup(definition, described.schema, query.source)
      await this.describe({ sql: 'SELECT * FROM rollup', lake })
      return { ...definition, schema: described.schema, schemaHeader: described.schemaHeader }
    } finally {
      pin.release()
    }
  }

  /** The plan as text, with `analyze` after running it, and what it reads of rollups. */
  async explain(
    sql: string,
    { analyze, signal }: { readonly analyze: boolean; readonly signal?: AbortSignal | undefined },
  ): Promise<{ readonly plan: string; readonly rollups: readonly RollupPlan[] }> {
    const request = { sql: `EXPLAIN ${analyze ? 'ANALYZE ' : ''}${sql}`, signal }
    const binding = await bindQuery(this.#gate, this.#lake.pin(), request, false)
    const rollups = binding.query.datasets.flatMap((dataset) =>
      dataset.rollup ? [planOf(dataset, dataset.rollup)] : [],
    )
    binding.release()
    const { frames, parts } = await this.run(request)
    const all: Frame[] = []
    for await (const frame of frames) all.push(frame)
    const plan = `${planText(all).trimEnd()}\nparts: ${parts?.opened ?? 0} of ${parts?.of ?? 0}\n`
    return { plan, rollups }
  }

  /** Names of the zones that statements may compute times in. */
  async timeZones(): Promise<ReadonlySet<string>> {
    this.#timeZones ??= new Set(await this.#duck.use(timeZoneNames))
    return this.#timeZones
  }

  /** Refuses what waits and what comes, ends what runs. */
  async close(): Promise<void> {
    this.#slots.close()
    await Promise.all([...this.#runs].map((run) => run.close()))
  }

  async #datasetRequest(
    pin: PinnedLake,
    ref: DatasetRef,
    range: DatasetRange,
    signal: AbortSignal | undefined,
  ): Promise<{ request: QueryRequest & { target: Schema }; isEmpty: boolean }> {
    try {
      const dataset = (range.moment ? pin.at(range.moment) : pin).resolve(ref)
      if (dataset === undefined)
        throw new SternaError('DATASET_NOT_FOUND', `Dataset '${ref.key}' does not exist`)
      const where = range.where === undefined ? undefined : await this.#gate.checkExpression(range.where)
      const order = dataset.rollup?.definition.order
      const { sql, schema } = datasetQuery(ref, dataset.schema, { ...range, where }, order)
      return {
        request: { sql, target: schema, signal },
        isEmpty: dataset.parts.length === 0 && dataset.log === null && dataset.rollup === null,
      }
    } catch (error) {
      pin.release()
      throw error
    }
  }

  async #run(pin: PinnedLake, request: QueryRequest): Promise<QueryResult> {
    const binding = await bindQuery(this.#gate, pin, request, true)
    const { query } = binding
    let comparison: ReadComparison | undefined
    try {
      const question = questionKey(query, request)
      const known = question === null ? undefined : this.#results.get(question, query.cacheKey)
      if (known !== undefined) {
        binding.release()
        const { schema, schemaHeader } = known
        const frames = framesOf(known.frames)
        return { schema, schemaHeader, isOrdered: query.isOrdered, frames, close: () => undefined }
      }
      if (binding.stored !== undefined && request.target === undefined) {
        const description = await this.#descriptions.of(binding, request)
        const frames = resultFrames(binding.stored, description.schema)
        if (frames !== null) {
          binding.release()
          return { ...description, frames: framesOf(frames), close: () => undefined }
        }
      }
      const compared = ReadComparison.begin(this.#comparer, binding, request)
      comparison = compared
      const run = new QueryRun({
        duck: request.memory?.duck ?? this.#duck,
        slot: await this.#slots.acquire(request.signal),
        binding: { ...binding, release: compared.release },
        request,
        description: this.#descriptions.known(query, request),
        onEnd: () => this.#runs.delete(run),
      })
      this.#runs.add(run)
      const description = await run.start().catch(async (error: unknown) => {
        throw await compared.reasonOf(run.failure ?? error)
      })
      return {
        ...description,
        parts: query.parts,
        frames: this.#read(run, compared, (frames) => {
          if (question !== null) this.#results.put(question, query.cacheKey, { ...description, frames })
        }),
        close: () => {
          compared.stop()
          void run.close()
        },
      }
    } catch (error) {
      comparison?.stop()
      binding.release()
      throw error
    }
  }

  /** The frames of a run. @param keep - takes all of them, where they are few and their reader takes them */
  async *#read(
    run: QueryRun,
    comparison: ReadComparison,
    keep: (frames: readonly Frame[]) => void,
  ): AsyncGenerator<Frame> {
    let kept = [] as Frame[] | null
    let keptBytes = 0
    const keepNone = (): void => {
      kept = null
    }
    try {
      for await (const frame of run.frames(keepNone)) {
        keptBytes += frame.byteLength
        if (keptBytes > LIMITS.resultCacheEntryBytesMax) keepNone()
        kept?.push(frame)
        yield frame
      }
      if (!(await comparison.end())) keepNone()
    } catch (error) {
      throw await comparison.reasonOf(run.failure ?? error)
    } finally {
      comparison.stop()
    }
    if (kept !== null) keep(kept)
  }

  /** The parse tree of a text as JSON, for the gate. */
  async #parse(sql: string): Promise<string> {
    const tree = await this.#duck.use((connection) => connection.textOf(ANALYSE_SQL, sql))
    if (tree === null) throw new SternaError('BUG', 'The parser of SQL gave no text')
    return tree
  }
}

async function timeZoneNames(connection: Connection): Promise<string[]> {
  const rows = await connection.run('SELECT name FROM pg_timezone_names()')
  return rows.flatMap(([name]) => (typeof name === 'string' ? [name] : []))
}

async function* framesOf(frames: Iterable<Frame>): AsyncGenerator<Frame> {
  yield* frames
}
