import { z } from 'zod'
import { parseOptions } from '../../store/options.ts'
import { jsonAction, parseKeyBodyWith } from './action.ts'

export const configure = jsonAction(
  'configure',
  'Tells a dataset other options; null takes one away. In: {"key", "schema"?, "options"}, or the key to change none. ' +
    'Out: {"key", "schema", "options"} as they are then',
  (body, { store }) => {
    const { dataset, options } = parseKeyBodyWith('configure', body, {
      options: z.record(z.string(), z.json()).optional(),
    })
    return { ...dataset, options: store.configure(dataset, parseOptions(options.options ?? {})) }
  },
)
