import { encapsulate, messages, parseDescriptor } from '../../../flight/index.ts'
import type { CallContext } from '../call.ts'
import { describeRead } from '../reads.ts'
import type { Services } from '../services.ts'

/** GetSchema: the schema that the stream of the same descriptor begins with. */
export async function getSchema(request: Buffer, context: CallContext, services: Services): Promise<Buffer> {
  const descriptor = messages.FlightDescriptor.decode(request)
  const { schemaHeader } = await describeRead(services, parseDescriptor(descriptor), context)
  return messages.SchemaResult.encode({ schema: encapsulate(schemaHeader) })
}
