import { z } from 'zod'
import { jsonAction, parseBody } from './action.ts'

const requestSchema = z.strictObject({ glob: z.string().optional() })

export const check = jsonAction(
  'check',
  'Reads every byte of the stored parts and compares checksums, sizes and row counts with the catalog, which it reads as ' +
    'well. In: nothing, or {"glob": of the keys}. Out: {"datasets", "parts", "rows", "bytes", "parts_without_checksums", ' +
    '"problems": [{"key", "schema", "part", "problem"}]}, without a part where the catalog is damaged',
  (body, services, { signal }) => services.store.check(parseBody('check', requestSchema, body).glob, signal),
)
