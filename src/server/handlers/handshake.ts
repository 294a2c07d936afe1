import { messages } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { CallContext, ResponseStream } from '../call.ts'
import type { Services } from '../services.ts'

/**
 * Handshake: a name and password for a token. They come in the header, which is answered before this runs, or as a
 * BasicAuth message in the payload, which is answered by a payload.
 *
 * Go and Java clients send no message and half-close; they only want the headers and the end.
 */
export async function handshake(
  requests: AsyncIterable<Buffer>,
  response: ResponseStream,
  context: CallContext,
  { authenticator }: Services,
): Promise<void> {
  let { token } = context.login ?? {}
  for await (const request of requests) {
    const { protocolVersion, payload } = messages.HandshakeRequest.decode(request)
    if (token === undefined) {
      const { username, password } = messages.BasicAuth.decode(payload)
      token = (await authenticator.login(username, password)).token
    }
    await response.send(
      messages.HandshakeResponse.encode({ protocolVersion, payload: Buffer.from(token ?? '') }),
    )
  }
  if (context.login === undefined && token === undefined) {
    throw new SternaError('UNAUTHENTICATED', 'The handshake had no user name and password')
  }
}
