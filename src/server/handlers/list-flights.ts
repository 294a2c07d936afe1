import { isUtf8 } from 'node:buffer'
import { DescriptorType, messages } from '../../../flight/index.ts'
import { SternaError } from '../../errors.ts'
import type { CallContext, ResponseStream } from '../call.ts'
import { flightInfo } from '../flight-info.ts'
import type { Services } from '../services.ts'

/** ListFlights: every dataset whose key matches the criteria, a glob (`*`, `?`) in UTF-8; nothing means all. */
export async function listFlights(
  request: Buffer,
  response: ResponseStream,
  context: CallContext,
  services: Services,
): Promise<void> {
  const { expression } = messages.Criteria.decode(request)
  if (!isUtf8(expression)) throw new SternaError('REQUEST_INVALID', 'The criteria are not UTF-8')
  const glob = expression.byteLength === 0 ? '*' : Buffer.from(expression).toString('utf8')
  for (const { ref } of services.store.list(glob)) {
    if (context.signal.aborted) throw SternaError.from(context.signal.reason)
    const path = ref.schema === 'main' ? [ref.key] : [ref.schema, ref.key]
    const descriptor = { type: DescriptorType.PATH, path, cmd: new Uint8Array() }
    const info = await flightInfo(services, { kind: 'dataset', dataset: ref }, descriptor, context)
    await response.send(messages.FlightInfo.encode(info))
  }
}
