import { LIMITS } from '../limits.ts'

/** Bytes before each gRPC message: a compressed flag and a big-endian length. Source: gRPC over HTTP/2, "Length-Prefixed-Message". */
const PREFIX_BYTES = 5

/**
 * Joins the DATA frames of one call into gRPC messages, each in a buffer of its own with its 5-byte prefix in front.
 *
 * A message is copied once, into its final place: with its length known from the prefix, nothing is collected
 * first and concatenated later. Same contract as the decoder of grpc-js that it stands in for.
 */
export class MessageDecoder {
  readonly #messageBytesMax: number
  readonly #prefix = Buffer.alloc(PREFIX_BYTES)
  #prefixLength = 0
  #message: Buffer | undefined
  #messageLength = 0
  /** Filled instead of `#message` while a message over the preallocation limit has not shown its bytes yet. */
  #parts: Buffer[] | undefined

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax
  }

  /** True where the bytes so far end inside a message. */
  get isInside(): boolean {
    return this.#prefixLength > 0
  }

  /**
   * @param data - borrowed for the call
   * @returns complete messages, prefix included; owned by the caller
   * @throws Error when a message is over the limit; grpc-js turns it into RESOURCE_EXHAUSTED with this text
   */
  write(data: Buffer): Buffer[] {
    const messages: Buffer[] = []
    let position = 0
    while (position < data.length) {
      if (this.#prefixLength < PREFIX_BYTES) {
        const taken = Math.min(PREFIX_BYTES - this.#prefixLength, data.length - position)
        data.copy(this.#prefix, this.#prefixLength, position, position + taken)
        this.#prefixLength += taken
        position += taken
        if (this.#prefixLength < PREFIX_BYTES) break
        this.#begin(this.#prefix.readUInt32BE(1))
      }
      position += this.#fill(data, position)
      const message = this.#finish()
      if (message) messages.push(message)
    }
    return messages
  }

  #begin(messageLength: number): void {
    if (messageLength > this.#messageBytesMax) {
      throw new Error(
        `Message of ${messageLength} bytes is larger than the limit of ${this.#messageBytesMax} bytes [LIMIT_EXCEEDED]`,
      )
    }
    this.#messageLength = PREFIX_BYTES
    const total = PREFIX_BYTES + messageLength
    if (total > LIMITS.preallocatedMessageBytesMax) {
      this.#parts = [Buffer.from(this.#prefix)]
    } else {
      this.#message = Buffer.allocUnsafeSlow(total)
      this.#prefix.copy(this.#message)
    }
  }

  #total(): number {
    return PREFIX_BYTES + this.#prefix.readUInt32BE(1)
  }

  #fill(data: Buffer, position: number): number {
    const taken = Math.min(this.#total() - this.#messageLength, data.length - position)
    if (this.#message) data.copy(this.#message, this.#messageLength, position, position + taken)
    else this.#parts?.push(data.subarray(position, position + taken))
    this.#messageLength += taken
    return taken
  }

  #finish(): Buffer | undefined {
    if (this.#messageLength < this.#total()) return undefined
    const message = this.#message ?? Buffer.concat(this.#parts ?? [], this.#messageLength)
    this.#message = undefined
    this.#parts = undefined
    this.#prefixLength = 0
    return message
  }
}
