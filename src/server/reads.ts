import { type DatasetRequest, type Request, encodeTicket } from '../../flight/index.ts'
import { type Frame, makeFrame } from '../../flight/frame.ts'
import { SternaError } from '../errors.ts'
import type { QueryResult } from '../query/engine.ts'
import type { Services } from './services.ts'

/** What can be said of a read without running it. */
export interface ReadDescription {
  /** IPC Schema message, byte for byte the one that the stream begins with. */
  readonly schemaHeader: Uint8Array
  /** Rows and Arrow bytes of the stream; -1 where only running it would tell. */
  readonly rows: number
  readonly bytes: number
  readonly isOrdered: boolean
  readonly ticket: Uint8Array
}

/** A read that runs. `frames` begins with the schema; its buffers are shared and must not be written to. */
export interface OpenRead {
  readonly frames: Iterable<Frame> | AsyncIterable<Frame>
}

/** True where a request names rows or columns of a dataset, not the whole. */
function isPartial(request: DatasetRequest): boolean {
  const { columns, where, start, end, limit } = request
  return [columns, where, start, end, limit].some((option) => option !== undefined)
}

/** Describes what {@link openRead} of the same request would stream. Never runs a query. */
export async function describeRead(services: Services, request: Request): Promise<ReadDescription> {
  const ticket = encodeTicket(request)
  if (request.kind === 'sql') {
    const { schemaHeader, isOrdered } = await services.engine.describe(request)
    return { schemaHeader, rows: -1, bytes: -1, isOrdered, ticket }
  }
  const dataset = datasetOf(request)
  if (isPartial(dataset)) {
    const { schemaHeader } = await services.engine.describeDataset(dataset.dataset, dataset)
    return { schemaHeader, rows: -1, bytes: -1, isOrdered: true, ticket }
  }
  const found = services.store.get(dataset.dataset)
  return {
    schemaHeader: found.schemaHeader,
    rows: found.rows,
    bytes: found.arrowBytes,
    isOrdered: true,
    ticket,
  }
}

/** Starts a read. @throws DATASET_NOT_FOUND, SQL_INVALID, SQL_FORBIDDEN, SERVER_BUSY */
export async function openRead(services: Services, request: Request, signal: AbortSignal): Promise<OpenRead> {
  if (request.kind === 'sql') {
    const result = await services.engine.run({ ...request, signal })
    return { frames: withSchema(result) }
  }
  const dataset = datasetOf(request)
  if (isPartial(dataset)) {
    const result = await services.engine.readDataset(dataset.dataset, dataset, signal)
    return { frames: withSchema(result) }
  }
  return { frames: services.store.load(dataset.dataset, signal) }
}

/** A reader that leaves after the schema has not begun with the rows, which then would never end by themselves. */
async function* withSchema(result: QueryResult): AsyncGenerator<Frame> {
  try {
    yield makeFrame(result.schemaHeader, [], { kind: 'schema' })
    yield* result.frames
  } finally {
    result.close()
  }
}

function datasetOf(request: Request): DatasetRequest {
  if (request.kind !== 'dataset') {
    const name = request.kind === 'flight-sql' ? request.typeName : request.kind
    throw new SternaError('NOT_IMPLEMENTED', `The Flight SQL command ${name} is not there yet`)
  }
  if (request.version !== undefined) {
    throw new SternaError('NOT_IMPLEMENTED', 'Reading an older version of a dataset is not there yet')
  }
  if (request.mode !== undefined) {
    throw new SternaError('REQUEST_INVALID', 'The field "mode" belongs to a DoPut, not to a read')
  }
  return request
}
