import { z } from 'zod'
import { jsonAction, parseBody } from './action.ts'

const requestSchema = z.strictObject({ glob: z.string().optional() })

export const check = jsonAction(
  'check',
  'Reads every byte of the stored parts and compares checksums, sizes and row counts with the catalog. In: nothing, or ' +
    '{"glob": of the keys}. Out: {"datasets", "parts", "rows", "bytes", "parts_without_checksums", "problems": ' +
    '[{"key", "schema", "part", "problem"}]}',
  (body, services, { signal }) => services.store.check(parseBody('check', requestSchema, body).glob, signal),
)
