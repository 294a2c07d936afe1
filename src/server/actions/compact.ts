import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { jsonAction, parseKeyBodyWith } from './action.ts'

export const compact = jsonAction(
  'compact',
  'Rewrites the parts of a dataset into fewer and smaller ones. In: the key, or {"key", "schema"?, "level"?: zstd ' +
    '1-22}. Out: {"key", "parts_before", "parts_after", "size_bytes_before", "size_bytes_after"}',
  (body, services) => {
    const { dataset, options } = parseKeyBodyWith('compact', body, {
      level: z.int().min(LIMITS.compressionLevelMin).max(LIMITS.compressionLevelMax).optional(),
    })
    return services.store.compact(dataset, options.level)
  },
)
