/**
 * Arrow Flight on the wire, without a server: messages, IPC, frames, descriptors and tickets.
 *
 * Nothing in this folder does I/O, reads a clock or keeps state between calls. `codec/` is protobuf: FlightData by
 * hand, so that its body stays a view, all other messages by protobufjs from `proto/`. `ipc/` is Arrow: schemas, batch
 * headers, checks that make foreign bytes safe to read, slices. `frame.ts` puts both together.
 */
export * from './codec/any.ts'
export * from './codec/enums.ts'
export { decodeFlightData, type FlightDataView, GRPC_PREFIX_BYTES } from './codec/flight-data.ts'
export type * from './codec/message-types.ts'
export { type MessageCodec, type MessageInput, messages } from './codec/messages.ts'
export { parseDescriptor } from './descriptor.ts'
export {
  type Frame,
  frameFromFlightData,
  type FrameOptions,
  makeFrame,
  sliceFrame,
  splitFrame,
} from './frame.ts'
export * from './ipc/message.ts'
export * from './ipc/schema.ts'
export * from './ipc/stream.ts'
export { batchOf, type ColumnValue, type UnionValue } from './ipc/table-writer.ts'
export { emptyDictionaries, isBlankable, widenBatch, type WideColumn } from './ipc/widen.ts'
export { zstdStored } from './ipc/zstd-frame.ts'
export { typeName } from './ipc/type-name.ts'
export type {
  DatasetRef,
  DatasetRequest,
  FlightSqlRequest,
  JsonValue,
  Request,
  SqlRequest,
} from './request.ts'
export { datasetRef, isDeeplyNested } from './request.ts'
export * from './service.ts'
export * from './status.ts'
export { StreamCheck } from './stream-check.ts'
export { encodeTicket, parseTicket } from './ticket.ts'
