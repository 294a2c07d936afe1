import {
  encapsulate,
  type FlightDescriptor,
  type FlightEndpoint,
  type FlightInfo,
  type MessageInput,
  type Timestamp,
} from '../../../flight/index.ts'
import { LIMITS } from '../../limits.ts'
import type { CallContext } from '../call.ts'
import { locations } from '../locations.ts'
import type { HeldResult } from './held-result.ts'
import { encodePollName, type PollName } from './polls.ts'

/** @param descriptor - by which a client will name the result again */
export function heldInfo(
  name: PollName,
  result: HeldResult,
  descriptor: MessageInput<FlightDescriptor>,
  context: CallContext,
): MessageInput<FlightInfo> {
  const { description, pieceCount, rows } = result
  const expirationTime = inMs(LIMITS.pollIdleMs)
  const endpoint: MessageInput<FlightEndpoint>[] = Array.from({ length: pieceCount }, (_, piece) => ({
    ticket: { ticket: encodePollName({ ...name, piece }) },
    location: locations(context),
    expirationTime,
    appMetadata: Buffer.from(JSON.stringify({ piece })),
  }))
  // Without an expiration: a reader who begins with it ends it.
  if (result.hasRest) {
    const ticket = encodePollName({ ...name, piece: 'rest' })
    endpoint.push({ ticket: { ticket }, location: locations(context) })
  }
  return {
    schema: encapsulate(description.schemaHeader),
    flightDescriptor: descriptor,
    endpoint,
    totalRecords: rows,
    totalBytes: -1,
    ordered: description.isOrdered,
  }
}

/** A moment from now on. */
export function inMs(milliseconds: number): Timestamp {
  const atMs = Date.now() + milliseconds
  return { seconds: Math.floor(atMs / 1000), nanos: (atMs % 1000) * 1_000_000 }
}
