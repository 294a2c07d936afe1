import { MessageChannel } from 'node:worker_threads'
import { createGunzip, createInflate } from 'node:zlib'
import { LIMITS } from '../limits.ts'

/** The encodings of gRPC messages that are inflated here. */
const INFLATERS = { gzip: createGunzip, deflate: createInflate } as const

export type InflatedEncoding = keyof typeof INFLATERS

export function isInflated(encoding: string): encoding is InflatedEncoding {
  return Object.hasOwn(INFLATERS, encoding)
}

/**
 * Inflates a message, in memory that is its own and no larger.
 *
 * @param bytes - left as they are
 * @throws RangeError where it is over `inflatedMessageBytesMax`; zlib's error for what is not of the encoding
 */
export async function inflateMessage(bytes: Uint8Array, encoding: InflatedEncoding): Promise<Buffer> {
  const chunks: Uint8Array[] = []
  let length = 0
  const inflater = INFLATERS[encoding]({ chunkSize: LIMITS.inflateChunkBytes })
  inflater.end(bytes)
  try {
    for await (const chunk of inflater as AsyncIterable<Buffer>) {
      chunks.push(chunk)
      length += chunk.byteLength
      if (length > LIMITS.inflatedMessageBytesMax) throw new RangeError('The message is over the limit')
    }
    return Buffer.concat(chunks, length)
  } finally {
    discard(chunks)
  }
}

/**
 * Gives the memory of chunks back now. Their garbage is outside of V8's heap, where little of it makes the collector
 * work: on a busy machine messages were inflated faster than others went. What is sent to a port that is closed is let
 * go of at once.
 */
function discard(chunks: readonly Uint8Array[]): void {
  closedPort.postMessage(null, [...new Set(chunks.map(({ buffer }) => buffer as ArrayBuffer))])
}

const closedPort = makeClosedPort()

function makeClosedPort(): MessageChannel['port1'] {
  const { port1 } = new MessageChannel()
  port1.close()
  return port1
}
