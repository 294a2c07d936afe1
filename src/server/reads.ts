import {
  type DatasetRef,
  type DatasetRequest,
  encodeSchema,
  encodeTicket,
  type Request,
} from '../../flight/index.ts'
import type { Frame } from '../../flight/frame.ts'
import { SternaError } from '../errors.ts'
import type { QueryResult } from '../query/engine.ts'
import type { Lake, PastMoment } from '../store/parts.ts'
import type { CallContext } from './call.ts'
import { type OpenRead, type ReadDescription, schemaFrame } from './read.ts'
import type { Services } from './services.ts'
import type { ScanRead } from './sql/command.ts'
import { readCommand } from './sql/index.ts'

/** True where a request names rows or columns of a dataset, not the whole, or where only a query gives them. */
function isPartial({ store }: Services, request: DatasetRequest): boolean {
  if (store.isRollup(request.dataset)) return true
  const { columns, where, start, end, limit } = request
  return [columns, where, start, end, limit].some((option) => option !== undefined)
}

/** Describes what {@link openRead} of the same request would stream. Never runs a query. */
export async function describeRead(
  services: Services,
  request: Request,
  context: CallContext,
): Promise<ReadDescription> {
  if (request.kind === 'flight-sql') {
    return readCommand(request.typeName).read(request.value, services, context).describe()
  }
  const ticket = encodeTicket(request)
  if (request.kind === 'sql') {
    const { schemaHeader, isOrdered } = await services.engine.describe(request)
    return { schemaHeader, rows: -1, bytes: -1, isOrdered, ticket }
  }
  const dataset = datasetOf(request)
  if (isPartial(services, dataset)) {
    const { schemaHeader } = await services.engine.describeDataset(dataset.dataset, {
      ...dataset,
      moment: momentOf(dataset),
    })
    return { schemaHeader, rows: -1, bytes: -1, isOrdered: true, ticket }
  }
  const found = services.store.get(dataset.dataset, momentOf(dataset))
  return {
    schemaHeader: found.schemaHeader,
    rows: found.rows,
    bytes: found.arrowBytes,
    isOrdered: true,
    ticket,
  }
}

/** Starts a read. @throws DATASET_NOT_FOUND, SQL_INVALID, SQL_FORBIDDEN, SERVER_BUSY */
export async function openRead(
  services: Services,
  request: Request,
  context: CallContext,
): Promise<OpenRead> {
  const { signal, progress } = context
  if (request.kind === 'flight-sql') {
    return readCommand(request.typeName).read(request.value, services, context).open()
  }
  if (request.kind === 'sql') {
    const result = await services.engine.run({ ...request, signal, progress })
    return { frames: withSchema(result) }
  }
  const dataset = datasetOf(request)
  if (isPartial(services, dataset)) {
    const result = await services.engine.readDataset(
      dataset.dataset,
      { ...dataset, moment: momentOf(dataset) },
      { signal },
    )
    return { frames: withSchema(result) }
  }
  return { frames: services.store.load(dataset.dataset, signal, momentOf(dataset)) }
}

/** How a request is read in pieces; null where it does not ask for that, or reads something else than stored rows. */
export function scanOf(services: Services, request: Request, context: CallContext): ScanRead | null {
  if (request.kind === 'flight-sql') {
    return readCommand(request.typeName).read(request.value, services, context).scan?.() ?? null
  }
  const { engine } = services
  const { endpoints = 1 } = request
  if (endpoints < 2) return null
  const ticket = encodeTicket(request)
  if (request.kind === 'sql') {
    return {
      endpoints,
      isWhole: false,
      describe: async (lake) => ({
        ...(await engine.describe({ ...request, lake })),
        rows: -1,
        bytes: -1,
        ticket,
      }),
      scanned: (lake) => engine.scanned({ ...request, lake }),
      open: async (lake, { signal, progress }) => {
        return { frames: withSchema(await engine.run({ ...request, lake, signal, progress })) }
      },
    }
  }
  const { dataset, limit } = datasetOf(request)
  if (limit !== undefined) return null
  const moment = momentOf(request)
  const range = { ...request, moment }
  const isWhole = !isPartial(services, request)
  return {
    endpoints,
    isWhole,
    scanned: async (lake) => {
      const pin = lake.pin()
      try {
        const found = (moment ? pin.at(moment) : pin).resolve(dataset)
        return found === undefined || found.rollup !== null ? null : found
      } finally {
        pin.release()
      }
    },
    describe: async (lake) => {
      const { schemaHeader } = await engine.describeDataset(dataset, range, lake)
      return { schemaHeader, rows: -1, bytes: -1, isOrdered: true, ticket }
    },
    open: async (lake, { signal }) => {
      const held = isWhole ? heldFrames(lake, dataset, moment) : undefined
      if (held !== undefined) return { frames: held }
      return { frames: withSchema(await engine.readDataset(dataset, range, { signal, lake })) }
    },
  }
}

/** All of a dataset, where it is in memory. */
function heldFrames(
  lake: Lake,
  ref: DatasetRef,
  moment: PastMoment | undefined,
): readonly Frame[] | undefined {
  const pin = lake.pin()
  try {
    const state = moment ? pin.at(moment) : pin
    const schema = state.resolve(ref)?.schema
    const frames = state.frames?.(ref)
    return schema && frames && [schemaFrame(encodeSchema(schema)), ...frames]
  } finally {
    pin.release()
  }
}

/** A reader that leaves after the schema has not begun with the rows, which then would never end by themselves. */
async function* withSchema(result: QueryResult): AsyncGenerator<Frame> {
  try {
    yield schemaFrame(result.schemaHeader)
    yield* result.frames
  } finally {
    result.close()
  }
}

/** The state of the past that a request means, if it means one. */
function momentOf({ version, at }: DatasetRequest): PastMoment | undefined {
  if (version !== undefined) return { version }
  return at === undefined ? undefined : { timestamp: at }
}

function datasetOf(request: DatasetRequest): DatasetRequest {
  for (const name of ['mode', 'durability', 'options'] as const) {
    if (request[name] === undefined) continue
    throw new SternaError('REQUEST_INVALID', `The field "${name}" belongs to a DoPut, not to a read`)
  }
  return request
}
