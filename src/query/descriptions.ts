import { LIMITS } from '../limits.ts'
import type { PartComparer } from '../store/parts.ts'
import { isIndependentOfValues, statementParameters } from './describe.ts'
import type { Duck } from './duck.ts'
import { UTC } from './duckdb.ts'
import { FramesTable } from './frames-table.ts'
import type { GatedQuery } from './gate/gated-query.ts'
import { PreparedQuery } from './prepared-query.ts'
import { type Binding, cacheKey, typesKey } from './query-binding.ts'
import { describedAs, schemaOf } from './query-run.ts'
import type { QueryDescription, QueryRequest } from './query.ts'
import { ReadComparison } from './read-comparison.ts'
import { resultSchema } from './result-types.ts'
import { WeightedLru } from './weighted-lru.ts'

/** What statements give, without running them. It is kept: a client asks for it before it has a statement run. */
export class Descriptions {
  readonly #duck: Duck
  readonly #comparer: PartComparer
  /** By what says the statement, its data, and the types or the values of its parameters. */
  readonly #kept = new WeightedLru<QueryDescription>(LIMITS.descriptionCacheBytesMax)

  constructor({ duck, comparer }: { readonly duck: Duck; readonly comparer: PartComparer }) {
    this.#duck = duck
    this.#comparer = comparer
  }

  /** @throws {@link SternaError} as DuckDB refuses it; DATA_CORRUPT where a part that it reads is damaged */
  async of(binding: Binding, request: QueryRequest): Promise<QueryDescription> {
    const known = this.known(binding.query, request)
    if (known !== undefined) return known
    try {
      return await this.#prepare(binding.query, request)
    } catch (error) {
      // A damaged footer has other columns, or none.
      const comparison = ReadComparison.begin(this.#comparer, binding, request)
      try {
        throw await comparison.reasonOf(error)
      } finally {
        comparison.stop()
      }
    }
  }

  /** What is known of a statement with parameters of these types, or else of these values. */
  known(query: GatedQuery, request: QueryRequest): QueryDescription | undefined {
    for (const key of [typesKey(query, request), cacheKey(query, request)]) {
      const known = key === null ? undefined : this.#kept.get(key)
      if (known !== undefined) return { ...known, isOrdered: query.isOrdered }
    }
    return undefined
  }

  async #prepare(query: GatedQuery, request: QueryRequest): Promise<QueryDescription> {
    let key = cacheKey(query, request)
    const duck = request.memory?.duck ?? this.#duck
    const description = await duck.use(async (connection) => {
      await connection.useTimeZone(request.timeZone ?? UTC)
      const prepared = await PreparedQuery.of(await FramesTable.of(duck), connection, query)
      const { statement } = prepared
      try {
        const schema = await schemaOf(connection, prepared, query, request)
        const parameters = resultSchema(statementParameters(statement), request.timeZone)
        if (isIndependentOfValues(statement)) key = typesKey(query, request) ?? key
        return { ...describedAs(schema, query.isOrdered), parameters }
      } finally {
        prepared.close()
      }
    })
    // As an object a schema takes a few times what it takes as a message.
    if (key !== null) {
      this.#kept.set(key, description, key.length + 4 * description.schemaHeader.byteLength)
    }
    return description
  }
}
