import { z } from 'zod'
import type { Store } from '../../store/store.ts'
import { msgpackAction } from './action.ts'
import { pack, textField } from './messages.ts'
import { assertCatalog } from './names.ts'

export const catalogVersion = msgpackAction(
  'catalog_version',
  'The version of the catalog, which each commit changes. In: {catalog_name}. Out: {catalog_version, is_fixed}',
  z.object({ catalog_name: textField }),
  ({ catalog_name: catalog }, { store }) => {
    assertCatalog(catalog)
    return pack(catalogVersionOf(store))
  },
)

/** As the client takes it. Not fixed: it asks before each query. */
export function catalogVersionOf(store: Store): object {
  return { catalog_version: store.snapshotId, is_fixed: false }
}
