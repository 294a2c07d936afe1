import { randomBytes } from 'node:crypto'
import type { ResponseStream } from '../call.ts'
import { messages } from '../../../flight/index.ts'

/**
 * Handshake: the server is open, so everyone gets in, with a token for clients that insist on one.
 *
 * Go and Java clients send no message and half-close; they only want the headers and the end.
 */
export async function handshake(requests: AsyncIterable<Buffer>, response: ResponseStream): Promise<void> {
  for await (const request of requests) {
    const { protocolVersion } = messages.HandshakeRequest.decode(request)
    const payload = Buffer.from(randomBytes(16).toString('hex'))
    await response.send(messages.HandshakeResponse.encode({ protocolVersion, payload }))
  }
}
