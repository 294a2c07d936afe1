import { isUtf8 } from 'node:buffer'
import type { z } from 'zod'

/** What this server has put into a ticket as JSON, read back; undefined for bytes that it did not write. */
export function readJsonTicket<T>(bytes: Uint8Array, schema: z.ZodType<T>): T | undefined {
  if (!isUtf8(bytes)) return undefined
  try {
    return schema.safeParse(JSON.parse(Buffer.from(bytes).toString('utf8'))).data
  } catch {
    return undefined
  }
}
