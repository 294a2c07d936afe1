import { SternaError } from '../../errors.ts'
import { LIMITS } from '../../limits.ts'

const BRACE = '{'.charCodeAt(0)

/**
 * The name that a writer gave a batch, so that it can send it again without storing it twice: `{"id": "…"}` as
 * app_metadata, further fields allowed. Null where there is none: any other app_metadata is the writer's own.
 *
 * @throws REQUEST_INVALID for an id that is no text, or empty or too long
 */
export function batchId(appMetadata: Uint8Array | null): string | null {
  if (appMetadata?.[0] !== BRACE) return null
  let value: unknown
  try {
    value = JSON.parse(Buffer.from(appMetadata).toString('utf8'))
  } catch {
    return null
  }
  if (value === null || typeof value !== 'object' || !('id' in value)) return null
  const { id } = value
  const bytes = typeof id === 'string' ? Buffer.byteLength(id) : 0
  if (typeof id === 'string' && bytes > 0 && bytes <= LIMITS.batchIdBytesMax) return id
  throw new SternaError(
    'REQUEST_INVALID',
    typeof id === 'string'
      ? `The id of a batch has ${bytes} bytes; it must have 1 to ${LIMITS.batchIdBytesMax}`
      : 'The id of a batch must be text',
  )
}
