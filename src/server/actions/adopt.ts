import { z } from 'zod'
import { SternaError } from '../../errors.ts'
import { jsonAction, parseKeyBodyWith } from './action.ts'

export const adopt = jsonAction(
  'adopt',
  "Makes a dataset of Parquet files on the server's machine, as they are: each becomes a part. Only files below the " +
    'folders of the setting adopt_from. In: {"key", "schema"?, "files": absolute paths, in the order of the rows}. ' +
    'Out: {"key", "schema", "version", "rows", "files", "copied": those that could not be linked}',
  (body, services, { signal }) => {
    const { dataset, options } = parseKeyBodyWith('adopt', body, { files: z.array(z.string()).min(1) })
    if (options.files === undefined) {
      throw new SternaError('REQUEST_INVALID', 'Action "adopt" takes {"key", "files"}')
    }
    return services.store.adopt(dataset, options.files, signal)
  },
)
