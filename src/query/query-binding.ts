import type { Frame } from '../../flight/frame.ts'
import { encodeSchema, type Schema } from '../../flight/ipc/schema.ts'
import { SternaError } from '../errors.ts'
import type { PinnedLake } from '../store/parts.ts'
import type { Duck } from './duck.ts'
import { isSelfBinding, UTC } from './duckdb.ts'
import { FramesTable, type HeldFrames } from './frames-table.ts'
import type { Gate } from './gate.ts'
import type { GatedQuery } from './gate/gated-query.ts'
import type { QueryRequest } from './query.ts'
import { assertNotAborted } from './result-stream.ts'
import { wholeDataset, type WholeDataset } from './whole-dataset.ts'

/** A request that passed the gate, with what it holds until it is released. */
export interface Binding {
  readonly query: GatedQuery
  /** What it reads, if that is one dataset in memory and all of it. */
  readonly whole: WholeDataset | undefined
  /** What reading held frames has thrown. */
  readonly failure: () => SternaError | undefined
  readonly release: () => void
}

/**
 * Checks a request against a snapshot of the lake. The pin is the binding's from here on, also when this rejects.
 *
 * @throws {@link SternaError} as the gate refuses it; TYPE_UNSUPPORTED for an input that SQL cannot read
 */
export async function bindQuery(
  duck: Duck,
  gate: Gate,
  pin: PinnedLake,
  request: QueryRequest,
): Promise<Binding> {
  const held: HeldFrames[] = []
  const release = (): void => {
    for (const frames of held) frames.release()
    pin.release()
  }
  const failure = (): SternaError | undefined => held.find((frames) => frames.failure !== undefined)?.failure
  try {
    assertNotAborted(request.signal)
    const table = await FramesTable.of(duck)
    const hold = (schema: Schema, frames: readonly Frame[]): string => {
      const holding = table.hold(schema, frames, request.signal)
      held.push(holding)
      return handleOf(holding)
    }
    const { input } = request
    const query = await gate.check(request.sql, pin, {
      schema: request.schema,
      bound: (position) =>
        isSelfBinding(request.parameters) ? request.parameters.filterValue(position) : undefined,
      logHandle: ({ schema, log }) => hold(schema, log?.frames ?? []),
      ...(input && { inputHandle: hold(input.schema, input.frames) }),
    })
    assertZone(query, request)
    return { query, whole: wholeDataset(query, pin), failure, release }
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
export function cacheKey(
  query: GatedQuery,
  { parameters, target, timeZone, isOnce }: QueryRequest,
): string | null {
  if (query.isVolatile || isOnce === true) return null
  const types = target === undefined ? '' : Buffer.from(encodeSchema(target)).toString('latin1')
  const values = isSelfBinding(parameters) ? parameters.key : JSON.stringify(parameters ?? null)
  return [query.cacheKey, timeZone ?? UTC, values, types].join('\0')
}

/** As {@link cacheKey}, for what the types of the parameters decide; null where these do not say them. */
export function typesKey(query: GatedQuery, { parameters, timeZone, isOnce }: QueryRequest): string | null {
  if (query.isVolatile || isOnce === true || !isSelfBinding(parameters)) return null
  return [query.cacheKey, timeZone ?? UTC, 'types', parameters.types].join('\0')
}

/** Within `sterna_frames('…')`. */
function handleOf({ sql }: HeldFrames): string {
  return sql.slice(sql.indexOf(`'`) + 1, sql.lastIndexOf(`'`))
}
