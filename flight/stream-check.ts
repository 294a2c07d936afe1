import type { Frame } from './frame.ts'
import { type IpcMessage, checkBatch, checkOffsets, parseMessage, trackDictionary } from './ipc/message.ts'
import { type Schema, parseSchema } from './ipc/schema.ts'
import { WireError } from './status.ts'

const EMPTY = new Uint8Array()

/**
 * Checks one stream of frames from a client: the schema comes first and once, and every batch after it fits that and
 * the dictionaries before it. What has passed can be read without looking where its offsets lead; compressed bodies
 * excepted, which have to be checked again where they are decompressed.
 */
export class StreamCheck {
  readonly schema: Schema
  readonly #dictionaryLengths = new Map<bigint, number>()

  /** @throws WireError IPC_MALFORMED, where the frame holds no schema that can be read */
  constructor(schemaFrame: Frame) {
    this.schema = parseSchema(schemaFrame.header)
  }

  /**
   * @param frame - a dictionary or batch as it came from the wire, its body in one piece
   * @returns its header, parsed
   * @throws WireError IPC_MALFORMED
   */
  check(frame: Frame): IpcMessage {
    const message = parseMessage(frame.header)
    if (message.kind === 'schema')
      throw new WireError('IPC_MALFORMED', 'A second schema came in the middle of a stream')
    const body = frame.body[0] ?? EMPTY
    checkBatch(message, this.schema, body.byteLength)
    checkOffsets(message, body, this.schema, this.#dictionaryLengths)
    trackDictionary(this.#dictionaryLengths, message)
    return message
  }
}
