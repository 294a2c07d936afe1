import {
  decodeFlightData,
  type Frame,
  frameFromFlightData,
  makeFrame,
  messages,
  StreamCheck,
  writeIpcStream,
} from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'
import { parameterRows } from '../../query/engine.ts'
import type { PutCommand, ReadCommand } from './command.ts'
import { statementOf, StatementRead } from './statement.ts'

const { typeName } = messages.CommandPreparedStatementQuery

/** A prepared query with the values that were bound last. */
export const preparedStatementQuery: ReadCommand = {
  typeName,
  read(value, services, context) {
    const { preparedStatementHandle } = messages.CommandPreparedStatementQuery.decode(value)
    const statement = services.sql.statements.get(preparedStatementHandle)
    return new StatementRead(statementOf(statement, services, context), services, context)
  },
}

/**
 * Binds values: one run of the statement for each row of the client's batches. They replace those bound before.
 *
 * @throws SternaError HANDLE_NOT_FOUND, LIMIT_EXCEEDED, TYPE_UNSUPPORTED, IPC_MALFORMED
 */
export const preparedStatementBind: PutCommand = {
  typeName,
  async put(value, requests, services) {
    const { preparedStatementHandle } = messages.CommandPreparedStatementQuery.decode(value)
    services.sql.statements.get(preparedStatementHandle)
    services.sql.bind(preparedStatementHandle, await readParameters(requests))
    return messages.DoPutPreparedStatementResult.encode({ preparedStatementHandle })
  },
}

/** The batches of a put as an IPC stream of their own memory. */
async function readParameters(requests: AsyncIterable<Buffer>): Promise<Buffer> {
  let check: StreamCheck | undefined
  const frames: Frame[] = []
  let bytes = 0
  for await (const message of requests) {
    const frame = frameFromFlightData(decodeFlightData(message))
    if (frame.kind === 'metadata') continue
    bytes += frame.byteLength
    if (bytes > LIMITS.boundParametersBytesMax) {
      throw new SternaError(
        'LIMIT_EXCEEDED',
        `The bound values have over ${LIMITS.boundParametersBytesMax} bytes, the limit; put them as a dataset and join it`,
      )
    }
    if (check === undefined) {
      if (frame.kind !== 'schema')
        throw new SternaError('SCHEMA_MISSING', `A ${frame.kind} came before the schema`)
      check = new StreamCheck(frame)
      frames.push(makeFrame(frame.header, [], { kind: 'schema' }))
    } else {
      check.check(frame)
      frames.push(frame)
    }
  }
  if (check === undefined) throw new SternaError('SCHEMA_MISSING', 'The stream ended before a schema came')
  // What cannot be bound is refused here, where it was sent.
  await parameterRows(check.schema, frames.slice(1))
  const chunks: Uint8Array[] = []
  for await (const chunk of writeIpcStream(frames)) chunks.push(chunk)
  return Buffer.concat(chunks)
}
