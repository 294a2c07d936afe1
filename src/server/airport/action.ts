import type { z } from 'zod'
import type { Action } from '../actions/action.ts'
import type { CallContext } from '../call.ts'
import type { Services } from '../services.ts'
import { unpack } from './messages.ts'

/**
 * An action whose body is a msgpack map.
 *
 * @param answer - the body of the one result; undefined for an answer without any
 */
export function msgpackAction<T>(
  type: string,
  description: string,
  schema: z.ZodType<T>,
  answer: (
    request: T,
    services: Services,
    context: CallContext,
  ) => Uint8Array | undefined | Promise<Uint8Array | undefined>,
): Action {
  return {
    type,
    description: `${description} (airport, msgpack)`,
    async *run(body, services, context) {
      const result = await answer(unpack(type, schema, body), services, context)
      if (result !== undefined) yield result
    },
  }
}
