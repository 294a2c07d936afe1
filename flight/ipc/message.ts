/** The door to Arrow IPC messages: reading, checking against a schema, and writing their flatbuffers. */
export { checkBatch } from './batch-check.ts'
export { encodeBatch, encodeDictionary } from './batch-writer.ts'
export {
  type BatchHeader,
  type BufferRange,
  type FieldNode,
  type IpcMessage,
  parseMessage,
  peekMessage,
  rowCount,
} from './message-reader.ts'
export { checkOffsets, trackDictionary } from './offset-check.ts'
