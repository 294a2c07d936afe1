import { z } from 'zod'
import { SternaError } from '../../errors.ts'
import { jsonAction, parseKeyBodyWith } from './action.ts'

export const rollback = jsonAction(
  'rollback',
  'Makes a dataset what it was in a version that "history" lists; that makes a new version. In: {"key", "schema"?, ' +
    '"version"}. Out: {"key", "schema", "version", "restored": version, "rows", "parts"}',
  (body, services) => {
    const { dataset, options } = parseKeyBodyWith('rollback', body, { version: z.int().min(0) })
    if (options.version === undefined) {
      throw new SternaError('REQUEST_INVALID', 'Action "rollback" takes {"key", "version"}')
    }
    return services.store.rollback(dataset, options.version)
  },
)
