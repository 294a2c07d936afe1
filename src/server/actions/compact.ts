import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { jsonAction, parseBody, parseKeyBodyWith } from './action.ts'

export const compact = jsonAction(
  'compact',
  'Rewrites the parts of a dataset into fewer and smaller ones. In: the key, or {"key", "schema"?, "level"?: zstd ' +
    '1-22}. Out: {"key", "parts_before", "parts_after", "size_bytes_before", "size_bytes_after"}',
  (body, services, { signal }) => {
    const { dataset, options } = parseKeyBodyWith('compact', body, {
      level: z.int().min(LIMITS.compressionLevelMin).max(LIMITS.compressionLevelMax).optional(),
    })
    return services.store.compact(dataset, options.level, signal)
  },
)

export const compaction = jsonAction(
  'compaction',
  'Stops compaction in the background, or lets it go on, and tells how far it is. In: nothing, or {"do": "pause" or ' +
    '"resume"}. Out: {"state", "key", "running_bytes", "done", "failed", "bytes_read", "bytes_written", "last_error"}',
  async (body, { store }) => {
    const schema = z.strictObject({ do: z.enum(['pause', 'resume']).optional() })
    const wanted = parseBody('compaction', schema, body).do
    if (wanted === 'pause') await store.upkeep.pause()
    if (wanted === 'resume') store.upkeep.resume()
    return store.upkeep.stats().compaction
  },
)
