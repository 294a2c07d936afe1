import { z } from 'zod'
import { LIMITS } from '../../limits.ts'
import { jsonAction, parseKeyBodyWith } from './action.ts'

const VERSIONS_DEFAULT = 100

export const history = jsonAction(
  'history',
  'Lists the versions of a dataset that can be read, the newest first. In: the key, or {"key", "schema"?, "limit"?: 100}. ' +
    'Out: {"key", "schema", "versions": [{"version", "time", "change", "rows", "parts", "size_bytes", "message"}]}',
  (body, services) => {
    const { dataset, options } = parseKeyBodyWith('history', body, {
      limit: z.int().min(1).max(LIMITS.versionsListedMax).optional(),
    })
    const versions = services.store.versions(dataset, options.limit ?? VERSIONS_DEFAULT)
    return {
      ...dataset,
      versions: versions.map(({ timeUs, fileBytes, ...version }) => ({
        ...version,
        time: new Date(timeUs / 1000).toISOString(),
        size_bytes: fileBytes,
      })),
    }
  },
)
