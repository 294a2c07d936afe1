import { encodeSchema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import type { PinnedLake } from '../store/parts.ts'
import { isSelfBinding, UTC } from './duckdb.ts'
import type { Gate } from './gate.ts'
import type { GatedQuery } from './gate/gated-query.ts'
import type { QueryRequest } from './query.ts'
import { assertNotAborted } from './result-stream.ts'
import { storedRows, type StoredRows } from './stored-rows.ts'

/** A request that passed the gate, with what it holds until it is released. */
export interface Binding {
  readonly query: GatedQuery
  /** What it gives, where that is stored as it is and in memory. */
  readonly stored: StoredRows | undefined
  readonly release: () => void
}

/**
 * Checks a request against a snapshot of the lake. The pin is the binding's from here on, also when this rejects.
 *
 * @param isRun - false where it is only described: its values then choose no rows
 * @throws {@link SternaError} as the gate refuses it
 */
export async function bindQuery(
  gate: Gate,
  pin: PinnedLake,
  request: QueryRequest,
  isRun: boolean,
): Promise<Binding> {
  const release = (): void => pin.release()
  try {
    assertNotAborted(request.signal)
    const { parameters, schema, input } = request
    const query = await gate.check(request.sql, pin, {
      schema,
      input: input && { schema: input.schema, source: input },
      bound: (position) =>
        isRun && isSelfBinding(parameters) ? parameters.filterValue(position) : undefined,
    })
    assertZone(query, request)
    return { query, stored: storedRows(query, pin), release }
  } catch (error) {
    release()
    throw error
  }
}

/** The parts of a rollup were computed in UTC: so has to be what is added to them. */
function assertZone({ datasets }: GatedQuery, { timeZone = UTC }: QueryRequest): void {
  if (timeZone === UTC) return
  for (const { ref, rollup } of datasets) {
    const isZoned = rollup?.source.schema.fields.some(
      ({ type }) => type.kind === 'timestamp' && type.timezone !== null,
    )
    if (isZoned !== true) continue
    throw new SternaError(
      'NOT_IMPLEMENTED',
      `Dataset "${ref.key}" is a rollup of times with a zone, which are computed in UTC: reading it in ${timeZone} is not there yet`,
    )
  }
}

/** Null where the result may differ the next time. The types asked for are part of what is kept. */
export function cacheKey(query: GatedQuery, request: QueryRequest): string | null {
  return keyWith(query.cacheKey, query, request)
}

/** As {@link cacheKey}, whatever the data are. */
export function questionKey(query: GatedQuery, request: QueryRequest): string | null {
  return keyWith(query.textKey, query, request)
}

function keyWith(
  key: string,
  { isVolatile }: GatedQuery,
  { parameters, target, timeZone, isWrite }: QueryRequest,
): string | null {
  if (isVolatile || isWrite === true) return null
  const types = target === undefined ? '' : Buffer.from(encodeSchema(target)).toString('latin1')
  const values = isSelfBinding(parameters) ? parameters.key : JSON.stringify(parameters ?? null)
  return [key, timeZone ?? UTC, values, types].join('\0')
}

/** As {@link cacheKey}, for what the types of the parameters decide; null where these do not say them. */
export function typesKey(query: GatedQuery, { parameters, timeZone, isWrite }: QueryRequest): string | null {
  if (query.isVolatile || isWrite === true || !isSelfBinding(parameters)) return null
  return [query.cacheKey, timeZone ?? UTC, 'types', parameters.types].join('\0')
}
